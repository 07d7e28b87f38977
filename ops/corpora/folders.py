"""The user's own photographs: a folder or an S3 prefix, as Pascal VOC 2012, as DIV2K, or as any tree of images.

A local photo is used where it lies. A photo in a bucket is copied once, to a file named by its checksum. What was read
is remembered by key and etag, so a second look at a large collection is a listing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from ops.corpora.records import HELD_OUT, TRAIN, Corpus, CorpusPhoto, Refusal, split_of, with_both_splits
from ops.images import PhotoError, decode_photo
from ops.storage.locations import open_storage
from ops.storage.protocol import (
    KeyRefusedError,
    ObjectMissingError,
    SourceChangedError,
    Storage,
    StorageUnreachableError,
    StoredObject,
)

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".jp2", ".j2k", ".jpf", ".webp"})
_NUM_READERS: Final = 4  # threads; decoders and sockets wait without holding Python
_LOG_EVERY: Final = 500  # photos
_EXPECTED: Final = (
    "a folder or s3://bucket/prefix with photos (JPEG, PNG, TIFF, JPEG 2000 or WebP) in any tree, "
    "with Pascal VOC's JPEGImages, or with DIV2K_train_HR and DIV2K_valid_HR"
)
_LICENCE: Final = "the user's own"


@dataclass(frozen=True)
class _Seen:
    """What one look at one object found; ``reason`` is set where it is no usable photo."""

    key: str
    etag: str
    sha256: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""
    message: str = ""


def folder_corpus(location: str, name: str, setting: str, cache: Path, log: Callable[[str], None]) -> Corpus:
    """Make a corpus of the photos at a location.

    Args:
        location: a folder path or ``s3://bucket/prefix``.
        name: of the corpus; its index and its copies lie in ``cache/name-...``.
        setting: the name of the setting that holds the location, for messages.
        cache: a local folder.
        log: receives a line now and then.

    Raises:
        ValueError: nothing is there, or nothing that can be used.
        StorageError: the storage does not answer.
    """
    storage = open_storage(location)
    place = cache.resolve() / f"{name}-{hashlib.sha256(storage.location.encode()).hexdigest()[:12]}"
    local = None if "://" in location else Path(storage.location)
    try:
        offered, num_others = _photos_of(storage)
    except StorageUnreachableError as error:
        if local is None:
            raise
        raise ValueError(f"{setting}={location}: {error} Expected {_EXPECTED}.") from error
    if not offered:
        raise ValueError(
            f"{setting}={location}: no photo among its {num_others} files. Expected {_EXPECTED}. "
            f"Correct {setting}, or unset it to use the embedded default."
        )
    index = place / "index.parquet"
    known = _read_index(index)
    seen = []
    with ThreadPoolExecutor(_NUM_READERS) as readers:
        looks = readers.map(lambda stored: _look(storage, stored, known, place, local), offered)
        for num_done, look in enumerate(looks, start=1):
            seen.append(look)
            if num_done % _LOG_EVERY == 0:
                log(f"{name}: looked at {num_done} of {len(offered)} photos")
                _write_index([*(known | {look.key: look for look in seen}).values()], index)
    _write_index(seen, index)
    corpus = _to_corpus(name, seen, _listed_splits(storage, offered), storage.location, place, local)
    reasons = ", ".join(f"{count} {reason}" for reason, count in Counter(r.reason for r in corpus.refused).items())
    if not corpus.photos:
        raise ValueError(
            f"{setting}={location}: all {len(offered)} photos were refused ({reasons}); the first, "
            f"{corpus.refused[0].name}: {corpus.refused[0].message}. Expected {_EXPECTED}."
        )
    log(f"{name}: {len(corpus.photos)} photos, {len(corpus.refused)} refused{f' ({reasons})' if reasons else ''}")
    return corpus


def _photos_of(storage: Storage) -> tuple[list[StoredObject], int]:
    """List what is a photo by name, and count the rest. In a VOC or DIV2K tree only its own folders hold photos."""
    objects = [stored for stored in storage.list() if PurePosixPath(stored.key).suffix.lower() in _SUFFIXES]
    for layout in (r"(^|/)JPEGImages/[^/]+$", r"(^|/)DIV2K_(train|valid)_HR/[^/]+$"):
        inside = [stored for stored in objects if re.search(layout, stored.key)]
        if inside:
            return inside, len(objects) - len(inside)
    return objects, 0 if objects else sum(1 for _ in storage.list())


def _look(storage: Storage, stored: StoredObject, known: dict[str, _Seen], place: Path, local: Path | None) -> _Seen:
    """Read and decode one photo, unless it was read before and is the same still."""
    before = known.get(stored.key)
    is_known = before is not None and before.etag == stored.etag and not before.reason  # a refusal is looked at again
    if before is not None and is_known and (local is not None or _copy(place, before).is_file()):
        return before
    try:
        data = storage.read(stored.key, stored.etag)
        photo = decode_photo(data)
    except PhotoError as error:
        return _Seen(stored.key, stored.etag, reason=error.reason, message=str(error))
    except (KeyRefusedError, ObjectMissingError, SourceChangedError) as error:
        return _Seen(stored.key, "", reason="unreadable", message=str(error))
    height, width = photo.pixels.shape[2:]
    seen = _Seen(stored.key, stored.etag, hashlib.sha256(data).hexdigest(), width, height)
    if local is None:
        copy = _copy(place, seen)
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.{hashlib.sha256(stored.key.encode()).hexdigest()[:8]}.part")
        unfinished.write_bytes(data)
        unfinished.replace(copy)
    return seen


def _copy(place: Path, seen: _Seen) -> Path:
    return place / (seen.sha256 + PurePosixPath(seen.key).suffix.lower())


def _to_corpus(
    name: str, looks: list[_Seen], listed: dict[str, str], source: str, place: Path, local: Path | None
) -> Corpus:
    """Keep the first of equal photos, refuse the others, and split."""
    photos: dict[str, CorpusPhoto] = {}
    refused = []
    for seen in looks:
        if seen.reason:
            refused.append(Refusal(seen.key, seen.reason, seen.message))
        elif seen.sha256 in photos:
            twin = photos[seen.sha256].name
            refused.append(Refusal(seen.key, "duplicate", f"the same bytes as {twin}; one of them is enough"))
        else:
            path = _copy(place, seen) if local is None else local / seen.key
            split = listed.get(seen.key) or split_of(seen.sha256)
            photos[seen.sha256] = CorpusPhoto(
                seen.key, path, seen.sha256, seen.width, seen.height, split, source, _LICENCE
            )
    return Corpus(name, with_both_splits(photos.values()), tuple(refused))


def _listed_splits(storage: Storage, offered: list[StoredObject]) -> dict[str, str]:
    """The split a known layout prescribes, by key.

    DIV2K holds out its validation folder. Pascal VOC holds out ``ImageSets/Main/val.txt`` where it is there, and all
    its other photos are for training.
    """
    splits = {}
    for stored in offered:
        if "DIV2K_train_HR/" in stored.key or "DIV2K_valid_HR/" in stored.key:
            splits[stored.key] = HELD_OUT if "DIV2K_valid_HR/" in stored.key else TRAIN
    for root in {stored.key.partition("JPEGImages/")[0] for stored in offered if "JPEGImages/" in stored.key}:
        held_out = set(_lines(storage, f"{root}ImageSets/Main/val.txt"))
        for stored in offered if held_out else ():
            if stored.key.startswith(f"{root}JPEGImages/"):
                splits[stored.key] = HELD_OUT if PurePosixPath(stored.key).stem in held_out else TRAIN
    return splits


def _lines(storage: Storage, key: str) -> Iterator[str]:
    if storage.find(key) is not None:
        yield from storage.read(key).decode("utf-8", "replace").split()


def _read_index(path: Path) -> dict[str, _Seen]:
    if not path.is_file():
        return {}
    return {row["key"]: _Seen(**row) for row in pq.read_table(path).to_pylist()}


def _write_index(seen: list[_Seen], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    pq.write_table(pa.Table.from_pylist([asdict(look) for look in seen]), unfinished)
    unfinished.replace(path)
