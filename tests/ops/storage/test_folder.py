from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops.storage.folder import FolderStorage
from ops.storage.protocol import (
    KeyRefusedError,
    PromiseBrokenError,
    SourceChangedError,
    StorageError,
    StorageUnreachableError,
)

WRITE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from ops.storage.folder import FolderStorage
storage = FolderStorage(Path(sys.argv[1]))
for number in itertools.count():
    storage.write_once(f"{number}", b"x" * 20_000_000)
"""


def test_keys_are_listed_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    keys = ["Z", "a", "a-1", "a.d/x", "a/b", "a0", "ä", "\U0001f4f7"]
    for key in ("a-1", "a.d/x", "ä", "a0", "Z", "\U0001f4f7"):
        storage.write_once(key, b"")
    storage.write_once("b/x", b"")
    expected = sorted([*(key for key in keys if key not in {"a", "a/b"}), "b/x"], key=str.encode)
    assert [each.key for each in storage.list()] == expected
    (tmp_path / "a").mkdir()
    storage.write_once("a/b", b"")
    assert [each.key for each in storage.list()] == sorted([*expected, "a/b"], key=str.encode)


def test_a_killed_writer_leaves_nothing_half_written(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path / "target")])
    storage = FolderStorage(tmp_path / "target")
    deadline = time.monotonic() + 60
    while storage.find("0") is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.03)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert {each.size for each in storage.list()} == {20_000_000}


def test_a_rewrite_of_the_same_size_is_noticed(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.write_once("photo", b"one")
    listed = storage.find("photo")
    assert listed is not None
    os.utime(tmp_path / "photo", ns=(0, 0))
    (tmp_path / "photo").write_bytes(b"two")
    with pytest.raises(SourceChangedError):
        storage.read("photo", listed.etag)


def test_links_are_listed_but_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"outside")
    root = tmp_path / "root"
    root.mkdir()
    (root / "photo").symlink_to(tmp_path / "secret")
    (root / "box").symlink_to(tmp_path)
    storage = FolderStorage(root)
    assert [each.key for each in storage.list()] == ["box", "photo"]
    for key in ("photo", "box", "box/secret"):
        with pytest.raises(KeyRefusedError, match="link"):
            storage.read(key)
    with pytest.raises(KeyRefusedError, match="link"):
        storage.write_once("box/new", b"")
    storage.write_replace("photo", b"mine")
    assert (tmp_path / "secret").read_bytes() == b"outside"


def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KeyRefusedError, match="device"):
        FolderStorage(tmp_path).read("pipe")


def test_a_name_that_is_no_text_is_listed_and_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    storage = FolderStorage(tmp_path)
    assert [each.key for each in storage.list()] == ["caf\\xe9.jpg"]
    with pytest.raises(KeyRefusedError, match="caf"):
        storage.read("caf\\xe9.jpg")


def test_a_missing_folder_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(StorageUnreachableError, match="nowhere is not a folder: create it"):
        list(FolderStorage(tmp_path / "nowhere").list())


def test_a_file_and_a_folder_cannot_share_a_name(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.write_once("a", b"")
    storage.write_once("b/c", b"")
    with pytest.raises(StorageError, match="choose another key"):
        storage.write_once("a/b", b"")
    with pytest.raises(StorageError, match="choose another key"):
        storage.write_once("b", b"")


def test_a_file_system_whose_links_overwrite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", lambda old, new: new.write_bytes(old.read_bytes()))
    with pytest.raises(PromiseBrokenError, match="another file system"):
        FolderStorage(tmp_path).probe_conditional_writes()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageUnreachableError, match="No space left"):
        FolderStorage(tmp_path).write_once("photo", b"data")
    assert list(tmp_path.iterdir()) == []
