"""A local folder with the promises of an object store.

A write goes to a temporary name beside its goal, is flushed to the disk, and then gets its real name by
`os.link`, which fails if the name is taken: that makes the first writer win among any number of processes,
and a process killed at any point leaves at most a ".albumen-*" file that no listing shows.
Symbolic links, devices and pipes are listed but never followed, so that no photo disappears unexplained.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from ops.storage.protocol import (
    RESERVED,
    AccessDeniedError,
    KeyRefusedError,
    ObjectMissingError,
    PromiseBrokenError,
    SourceChangedError,
    StorageError,
    StorageUnreachableError,
    StoredObject,
    WriteOutcome,
    check_key,
)


class FolderStorage:
    """A folder as a `Storage`. It is created by the first write.

    The etag is size, modification time in nanoseconds and inode: as cheap as the listing itself, and changed by
    every ordinary way of replacing or rewriting a file. It does not see an edit in place that keeps the size and
    sets the old time again; the sha256 in the ledger does.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().resolve()

    @property
    def location(self) -> str:
        """The absolute path of the folder."""
        return str(self._root)

    @property
    def lists_in_order(self) -> bool:
        """Always."""
        return True

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Stream all files below the folder in the order of their keys' bytes.

        A name that is not UTF-8 is listed with its odd bytes escaped by backslashes, which `read` refuses.

        Raises:
            StorageUnreachableError: the folder does not exist or may not be read.
        """
        if not self._root.is_dir():
            raise StorageUnreachableError(f"{self.location} is not a folder: create it, or correct the setting.")
        try:
            for entry, key in _walk(self._root, "", prefix, after):
                if key.startswith(prefix) and key > after:
                    status = entry.stat(follow_symlinks=False)
                    yield StoredObject(key, status.st_size, _etag(status))
        except OSError as error:
            raise self._unreachable(error) from error

    def find(self, key: str) -> StoredObject | None:
        """Describe one file; None where there is none."""
        try:
            status = self._path(key).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unreachable(error) from error
        return None if stat.S_ISDIR(status.st_mode) else StoredObject(key, status.st_size, _etag(status))

    def read(self, key: str, etag: str | None = None) -> bytes:
        """Read a file, and make sure that it was the listed one before and after reading."""
        path = self._path(key)
        try:
            mode = path.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise KeyRefusedError(f"{path} is a link or a device and is not followed: put the file itself there.")
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                data = file.read()
                after = os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ObjectMissingError(f"{self.location}: no file {key!r}. List the folder again.") from error
        except PermissionError as error:
            raise AccessDeniedError(
                f"{path} may not be read by this user: allow it, then list the folder again."
            ) from error
        except OSError as error:
            raise self._unreachable(error) from error
        if etag is not None and not etag == _etag(before) == _etag(after):
            raise SourceChangedError(
                f"{self.location}: {key!r} changed since it was listed (expected {etag}, found {_etag(after)}). "
                "List the folder again."
            )
        return data

    def write_once(self, key: str, data: bytes) -> WriteOutcome:
        """Give `data` a name that is still free; compare where it is not."""
        path = self._path(key)
        if not path.is_file():
            try:
                with self._unnamed(path, data) as temporary:
                    os.link(temporary, path)
                    _flush_names(path.parent)
                return WriteOutcome.CREATED
            except FileExistsError:
                pass
        return WriteOutcome.IDENTICAL if self.read(key) == data else WriteOutcome.CONFLICT

    def write_replace(self, key: str, data: bytes) -> None:
        """Put `data` in the place of what is there, in one step."""
        path = self._path(key)
        with self._unnamed(path, data) as temporary:
            temporary.replace(path)
            _flush_names(path.parent)

    def probe_conditional_writes(self) -> None:
        """Check that this file system refuses to link onto a taken name."""
        goal = self._root / f"{RESERVED}-probe-{secrets.token_hex(8)}"
        try:
            with self._unnamed(goal, b"first") as first, self._unnamed(goal, b"second") as second:
                os.link(first, goal)
                with contextlib.suppress(FileExistsError):
                    os.link(second, goal)
                if goal.read_bytes() != b"first":
                    raise PromiseBrokenError(f"{self.location}: linking overwrites. Use another file system.")
        finally:
            goal.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _unnamed(self, goal: Path, data: bytes) -> Iterator[Path]:
        """Hold `data`, flushed to the disk, under a temporary name beside `goal`."""
        if goal.is_dir():
            raise StorageError(f"{goal} is a folder, so no object can have that name: choose another key.")
        temporary = goal.with_name(f"{RESERVED}-{secrets.token_hex(8)}.part")
        try:
            _make_folder(goal.parent)
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        except FileExistsError:  # the other writer was first; what that means is the caller's to say
            raise
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        """Where a key lies; refuses keys and links that lead out of the folder."""
        check_key(key, self.location)
        path = self._root
        for part in key.split("/")[:-1]:
            path /= part
            if path.is_symlink():
                raise KeyRefusedError(f"{path} is a link and is not followed: put the folder itself there.")
        return path / key.rpartition("/")[2]

    def _unreachable(self, error: OSError) -> StorageUnreachableError:
        return StorageUnreachableError(
            f"{self.location}: {error.strerror or error} ({error.filename}). Check that the disk is mounted, "
            "has space, may be used by this user, and knows hard links; then run again."
        )


def _walk(folder: Path, base: str, prefix: str, after: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield what is no folder, in the order of the keys' bytes; skips subtrees that hold no wanted key."""
    with os.scandir(folder) as scan:
        entries = {base + _listed_name(entry): entry for entry in scan if not entry.name.startswith(RESERVED)}
    for key, entry in sorted(entries.items()):
        if not key.endswith("/"):
            yield entry, key
        elif (key.startswith(prefix) or prefix.startswith(key)) and (key > after or after.startswith(key)):
            yield from _walk(Path(entry.path), key, prefix, after)


def _listed_name(entry: os.DirEntry[str]) -> str:
    """The name with "/" behind a folder's, because so its keys begin: "a-1" sorts before "a/b"."""
    name = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
    return name + "/" if entry.is_dir(follow_symlinks=False) else name


def _make_folder(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            _flush_names(each.parent)
    except (FileExistsError, NotADirectoryError) as error:
        raise StorageError(f"{folder} is, or lies in, a file, so nothing can lie in it: choose another key.") from error


def _etag(status: os.stat_result) -> str:
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}"


def _flush_names(folder: Path) -> None:
    """Make a new name durable: on Linux the file's own flush does not cover the folder that names it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
