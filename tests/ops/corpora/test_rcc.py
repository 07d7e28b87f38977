import struct
import zlib

import pytest

from ops.corpora.rcc import read_rcc

PACKED, FOLDER, ZSTD = 1, 2, 4


def archive(*files: tuple[str, bytes, int], version: int = 2) -> bytes:
    """A Qt archive with one folder ``photos`` that holds the files."""
    names, data, places = b"", b"", []
    for name in ("photos", *(name for name, _, _ in files)):
        places.append(len(names))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    time = b"\0" * (8 if version > 1 else 0)
    tree = struct.pack(">IHII", 0, FOLDER, 1, 1) + time + struct.pack(">IHII", places[0], FOLDER, len(files), 2) + time
    for place, (_, content, flags) in zip(places[1:], files, strict=True):
        tree += struct.pack(">IHHHI", place, flags, 0, 1, len(data)) + time
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if flags & PACKED else content
        data += struct.pack(">I", len(stored)) + stored
    header = 20 + (4 if version > 2 else 0)
    offsets = (header, header + len(tree), header + len(tree) + len(data))
    return b"qres" + struct.pack(">IIII", version, *offsets) + b"\0" * (header - 20) + tree + data + names


@pytest.mark.parametrize("version", [1, 2, 3])
def test_plain_and_packed_files_come_out_in_order(version: int) -> None:
    files = [("b.webp", b"bee" * 50, PACKED), ("a-\u00e9.webp", b"ant", 0)]
    found = list(read_rcc(archive(*files, version=version)))
    assert found == [("photos/b.webp", b"bee" * 50), ("photos/a-\u00e9.webp", b"ant")]


def test_what_is_not_read_is_said() -> None:
    with pytest.raises(ValueError, match="starts with b'qres', got b'PK"):
        list(read_rcc(b"PK\3\4"))
    with pytest.raises(ValueError, match="Zstandard"):
        list(read_rcc(archive(("a", b"a", ZSTD))))
    with pytest.raises(ValueError, match="version 9"):
        list(read_rcc(archive(version=3).replace(b"qres\0\0\0\3", b"qres\0\0\0\x09")))


def test_a_tree_in_circles_ends() -> None:
    circle = bytearray(archive(("a", b"a", 0)))
    struct.pack_into(">I", circle, 20 + 22 + 10, 0)  # the folder's first child is the root
    with pytest.raises(ValueError, match="circles"):
        list(read_rcc(bytes(circle)))
