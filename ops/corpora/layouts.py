"""How known collections are laid out: which files of a listing are photos, and which split their publishers meant.

Pascal VOC 2012 keeps photos in ``JPEGImages`` and lists of their names in ``ImageSets/Main``; DIV2K keeps them in
``DIV2K_train_HR`` and ``DIV2K_valid_HR``. Any other tree is simply a tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from ops.corpora.records import HELD_OUT, VALIDATION
from ops.storage.protocol import Storage, StoredObject

EXPECTED: Final = (
    "a folder or s3://bucket/prefix with photos (JPEG, PNG, TIFF, JPEG 2000 or WebP) in any tree, "
    "with Pascal VOC's JPEGImages, with DIV2K_train_HR and DIV2K_valid_HR, or with Parquet files that have a column "
    "image; or one .parquet file"
)

_PHOTOS: Final = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".jp2", ".j2k", ".jpf", ".webp"})
_OTHER_PICTURES: Final = frozenset(  # offered too, so that they are refused by name instead of passed over in silence
    {".avif", ".bmp", ".cr2", ".dng", ".gif", ".heic", ".heif", ".ico", ".nef", ".pgm", ".pnm", ".ppm", ".psd", ".tga"}
)
_VOC: Final = re.compile(r"(^|/)JPEGImages/[^/]+$")
_DIV2K: Final = re.compile(r"(^|/)DIV2K_(train|valid)_HR/[^/]+$")

_LICENCES: Final = {
    _VOC: "Pascal VOC: photos from Flickr under its terms of use, rights with their owners",
    _DIV2K: "DIV2K: academic research only",
}


@dataclass(frozen=True)
class Offer:
    """What a location offers: pictures by the names of their files, Parquet files, and how much else there is."""

    pictures: tuple[StoredObject, ...]
    tables: tuple[StoredObject, ...]
    num_others: int


def offered(objects: Iterable[StoredObject]) -> Offer:
    """Sort a listing. In a VOC or DIV2K tree only the folders of photos count, for the others hold labels or copies."""
    pictures, tables, num_others = [], [], 0
    for stored in objects:
        suffix = PurePosixPath(stored.key).suffix.lower()
        if suffix in _PHOTOS or suffix in _OTHER_PICTURES:
            pictures.append(stored)
        elif suffix == ".parquet":
            tables.append(stored)
        else:
            num_others += 1
    for layout in (_VOC, _DIV2K):
        inside = [stored for stored in pictures if layout.search(stored.key)]
        if inside:
            return Offer(tuple(inside), (), num_others + len(tables) + len(pictures) - len(inside))
    return Offer(tuple(pictures), tuple(tables), num_others)


def listed_splits(storage: Storage, pictures: Sequence[StoredObject]) -> dict[str, str]:
    """The split that a known layout prescribes, by key; what is not prescribed falls by checksum.

    DIV2K holds out its validation folder. Pascal VOC holds out ``ImageSets/Main/test.txt``, or ``val.txt`` where there
    is no such list, as in VOC 2012. What is left of either is for training, except its share for validation.
    """
    splits = {stored.key: HELD_OUT for stored in pictures if "DIV2K_valid_HR/" in stored.key}
    for root in sorted({stored.key.partition("JPEGImages/")[0] for stored in pictures if _VOC.search(stored.key)}):
        lists = {name: set(_lines(storage, f"{root}ImageSets/Main/{name}.txt")) for name in ("val", "test")}
        sides = {"test": HELD_OUT, "val": VALIDATION} if lists["test"] else {"val": HELD_OUT}
        for stored in pictures:
            if stored.key.startswith(f"{root}JPEGImages/"):
                name = PurePosixPath(stored.key).stem
                sides_of_it = [side for listed, side in sides.items() if name in lists[listed]]
                if sides_of_it:
                    splits[stored.key] = sides_of_it[0]
    return splits


def licence_of_layout(key: str) -> str:
    """What the publisher of a known layout says of its photos; empty for a tree of the user's own."""
    return next((licence for layout, licence in _LICENCES.items() if layout.search(key)), "")


def _lines(storage: Storage, key: str) -> Iterator[str]:
    if storage.find(key) is not None:
        yield from storage.read(key).decode("utf-8", "replace").split()
