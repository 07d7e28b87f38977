"""The storage interface, its records, its errors, and the rule for keys.

Six calls are all the archive needs, so a folder and a bucket can promise the same: the first writer
of a key wins, a reader sees a whole object or none, and nothing outside the location is touched.
Code that opens a location by its name is in `ops.storage.locations`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

MAX_KEY_BYTES = 1024  # what S3 allows
RESERVED = ".albumen"  # names that begin so are ours (unfinished files, probes): never listed, never a photo


class WriteOutcome(Enum):
    """What `Storage.write_once` found."""

    CREATED = "created"
    IDENTICAL = "identical"  # the same bytes were there already: a rerun, a twin, or a lost acknowledgement
    CONFLICT = "conflict"  # other bytes were there first, and still are


@dataclass(frozen=True)
class StoredObject:
    """One object as a listing shows it.

    Attributes:
        key: "/"-separated name, relative to the location.
        size: bytes.
        etag: changes whenever the content does; meaningful only within one storage.
        version_id: of a versioned bucket; None where the listing does not tell, as those of S3 do not.
    """

    key: str
    size: int
    etag: str
    version_id: str | None = None


class StorageError(Exception):
    """A storage could not do what it was asked; the message ends with the cure."""


class StorageUnreachableError(StorageError):
    """The storage as a whole does not answer or does not let us in: stop, cure, run again."""


class ObjectMissingError(StorageError):
    """Nothing is stored under this key."""


class SourceChangedError(StorageError):
    """The object is no longer the one that was listed."""


class AccessDeniedError(StorageError):
    """This one object may not be read; the storage as a whole lets us in."""


class KeyRefusedError(StorageError):
    """The key could point outside its location, or two storages would understand it differently."""


class PromiseBrokenError(StorageError):
    """This storage cannot guarantee that the first writer wins, so nothing is written to it."""


class Storage(Protocol):
    """A place that holds objects under keys. Instances may be shared between threads."""

    @property
    def location(self) -> str:
        """The place as the user writes it: a folder path or "s3://bucket/prefix"; holds no secret."""

    @property
    def lists_in_order(self) -> bool:
        """Whether `list` keeps the order of the keys' UTF-8 bytes."""

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Stream the objects whose key starts with `prefix` and is greater than `after`.

        The order is that of the keys' UTF-8 bytes (which is also how Python sorts `str`), except on S3
        servers that keep directory order: who needs an order there sorts.
        """

    def find(self, key: str) -> StoredObject | None:
        """Describe one object, or say None where there is none."""

    def read(self, key: str, etag: str | None = None) -> bytes:
        """Read a whole object.

        Args:
            key: what to read.
            etag: from the listing; the bytes are returned only if they are still those.

        Raises:
            ObjectMissingError: nothing is there.
            SourceChangedError: `etag` was given and the object is another one by now.
            KeyRefusedError: the key is unsafe, or names a link or a device instead of a file.
            AccessDeniedError: these credentials may not read this object.
        """

    def write_once(self, key: str, data: bytes) -> WriteOutcome:
        """Store `data` under a key that is still free; never overwrites. Whole and durable, or not at all."""

    def write_replace(self, key: str, data: bytes) -> None:
        """Store `data`, replacing what is there in one step. For pointers and reports only."""

    def probe_conditional_writes(self) -> None:
        """Try out the promise of `write_once` on this very storage.

        Raises:
            PromiseBrokenError: a second writer could overwrite the first.
        """


def check_key(key: str, location: str) -> None:
    """Refuse a key that could leave its location, or that only some storages tell apart from another.

    "a//b", "a/./b" and the same with a backslash are one object for some servers and several for others; control
    characters forge lines in logs; names that begin with ".albumen" are reserved.

    Raises:
        KeyRefusedError: with the reason and the cure.
    """
    segments = key.split("/")
    num_bytes = len(key.encode(errors="surrogatepass"))
    faults = {
        "is empty": not key,
        "has an empty, '.' or '..' part between its slashes": any(part in {"", ".", ".."} for part in segments),
        "holds a backslash or a control character": any(unicodedata.category(c) == "Cc" or c == "\\" for c in key),
        "is not valid Unicode": any(unicodedata.category(c) == "Cs" for c in key),
        f"is {num_bytes} bytes long, more than {MAX_KEY_BYTES}": num_bytes > MAX_KEY_BYTES,
        f"uses the reserved name {RESERVED!r}": any(part.startswith(RESERVED) for part in segments),
    }
    for fault, is_present in faults.items():
        if is_present:
            raise KeyRefusedError(
                f"{location}: key {key!r:.200} is refused: it {fault}. Rename the object, list again."
            )
