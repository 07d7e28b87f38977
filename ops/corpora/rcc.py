"""Qt resource archives (.rcc), as Qt programs ship their pictures: a header, a tree of nodes, names, and the data."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_MAGIC = b"qres"
_PACKED, _FOLDER, _ZSTD = 1, 2, 4  # node flags
_NODE_BYTES = {1: 14, 2: 22, 3: 22}  # by format version; since 2 a node ends with its modification time
_MAX_UNPACKED_BYTES = 64 << 20


def read_rcc(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of every file in the archive, in the order of its tree.

    All numbers are big-endian. A node is (name offset, flags) and then, for a folder, (number of children, first
    child), for a file, (country, language, data offset).

    Raises:
        ValueError: this is no .rcc archive, or it is packed in a way that is not read, or damaged.
    """
    if archive[:4] != _MAGIC:
        raise ValueError(f"a Qt resource archive starts with {_MAGIC!r}, got {archive[:4]!r}")
    version, tree, data, names = struct.unpack_from(">IIII", archive, 4)
    if version not in _NODE_BYTES:
        raise ValueError(f"Qt resource archive version {version}: expected one of {sorted(_NODE_BYTES)}")
    waiting = [(0, "")]
    num_seen = 0
    while waiting:
        node, folder = waiting.pop()
        num_seen += 1
        place = tree + node * _NODE_BYTES[version]
        if num_seen * _NODE_BYTES[version] > len(archive) or place + 14 > len(archive):
            raise ValueError("the tree of the Qt resource archive runs in circles or behind its end")
        name_offset, flags = struct.unpack_from(">IH", archive, place)
        path = folder if node == 0 else f"{folder}/{_name(archive, names + name_offset)}".lstrip("/")
        if flags & _FOLDER:
            num_children, first_child = struct.unpack_from(">II", archive, place + 6)
            waiting += [(child, path) for child in range(first_child + num_children - 1, first_child - 1, -1)]
        else:
            (offset,) = struct.unpack_from(">I", archive, place + 10)
            yield path, _content(archive, data + offset, flags)


def _name(archive: bytes, at: int) -> str:
    """A name is its length in UTF-16 units, a hash, and the units."""
    (num_units,) = struct.unpack_from(">H", archive, at)
    return archive[at + 6 : at + 6 + 2 * num_units].decode("utf-16-be")


def _content(archive: bytes, at: int, flags: int) -> bytes:
    (num_bytes,) = struct.unpack_from(">I", archive, at)
    content = archive[at + 4 : at + 4 + num_bytes]
    if len(content) < num_bytes:
        raise ValueError(f"the Qt resource archive ends inside a file of {num_bytes:,} bytes")
    if flags & _ZSTD:
        raise ValueError("the Qt resource archive is packed with Zstandard; expected zlib or nothing")
    if flags & _PACKED:
        return zlib.decompressobj().decompress(content[4:], _MAX_UNPACKED_BYTES)  # behind the unpacked size
    return content
