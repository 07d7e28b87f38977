"""The user's own photographs: a folder, an S3 prefix or Parquet files; as Pascal VOC 2012, as DIV2K or any tree."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ops.corpora.layouts import EXPECTED, Offer, licence_of_layout, listed_splits, offered
from ops.corpora.looks import Look, look_at_file, read_looks, write_looks
from ops.corpora.records import HELD_OUT, TRAIN, Corpus, CorpusPhoto, Refusal, split_of, with_every_split
from ops.corpora.tables import look_at_table
from ops.storage.locations import open_storage
from ops.storage.protocol import Storage, StorageUnreachableError

_NUM_READERS: Final = 4  # threads; decoders and sockets wait without holding Python
_LOG_EVERY: Final = 500  # photos
_LICENCE: Final = "the user's own"


def folder_corpus(location: str, name: str, setting: str, cache: Path, log: Callable[[str], None]) -> Corpus:
    """Make a corpus of the photos at a location.

    Args:
        location: a folder path, ``s3://bucket/prefix``, or either with the name of a ``.parquet`` file.
        name: of the corpus; its index and its copies lie in ``cache/name-...``.
        setting: the name of the setting that holds the location, for messages.
        cache: a local folder.
        log: receives a line now and then.

    Raises:
        ValueError: nothing is there, or nothing that can be used.
        StorageError: the storage does not answer.
    """
    place, only = location, ""
    if location.lower().endswith(".parquet") and not Path(location).is_dir():
        place, _, only = location.replace("\\", "/").rpartition("/")
    storage = open_storage(place or ("/" if location.startswith("/") else "."))
    folder = cache.resolve() / f"{name}-{hashlib.sha256(f'{storage.location}/{only}'.encode()).hexdigest()[:12]}"
    local = None if "://" in location else Path(storage.location)
    try:
        offer = offered(stored for stored in storage.list(only) if not only or stored.key == only)
    except StorageUnreachableError as error:
        if local is None:
            raise
        raise ValueError(f"{setting}={location}: {error} Expected {EXPECTED}.") from error
    if not offer.pictures and not offer.tables:
        raise ValueError(
            f"{setting}={location}: no photo among its {offer.num_others} files. Expected {EXPECTED}. "
            f"Correct {setting}, or unset it to use the embedded default."
        )
    looks = _look_at_all(storage, offer, folder, local is None, lambda line: log(f"{name}: {line}"))
    corpus = _to_corpus(name, looks, listed_splits(storage, offer.pictures), storage.location, folder, local)
    reasons = ", ".join(f"{count} {reason}" for reason, count in Counter(r.reason for r in corpus.refused).items())
    if not corpus.photos:
        raise ValueError(
            f"{setting}={location}: all {len(looks)} photos were refused ({reasons}); the first, "
            f"{corpus.refused[0].name}: {corpus.refused[0].message}. Expected {EXPECTED}."
        )
    log(f"{name}: {len(corpus.photos)} photos, {len(corpus.refused)} refused{f' ({reasons})' if reasons else ''}")
    return corpus


def _look_at_all(
    storage: Storage, offer: Offer, folder: Path, is_copied: bool, log: Callable[[str], None]
) -> list[Look]:
    """Look at every picture and every row, and remember what was seen as it goes."""
    index = folder / "index.parquet"
    known = read_looks(index)
    seen: list[Look] = []

    with ThreadPoolExecutor(_NUM_READERS) as readers:
        looks = readers.map(
            lambda stored: look_at_file(storage, stored, known.get(stored.key), folder, is_copied), offer.pictures
        )
        for number, look in enumerate(looks, start=1):
            seen.append(look)
            if number % _LOG_EVERY == 0:
                log(f"looked at {number} of {len(offer.pictures)} photos")
                write_looks((known | {look.key: look for look in seen}).values(), index)
    for number, stored in enumerate(offer.tables, start=1):
        seen += look_at_table(storage, stored, known, folder)  # whole or not at all: half a table is not remembered
        log(f"looked at {number} of {len(offer.tables)} Parquet files")
        write_looks((known | {look.key: look for look in seen}).values(), index)
    write_looks(seen, index)
    return seen


def _to_corpus(
    name: str, looks: Sequence[Look], listed: dict[str, str], source: str, folder: Path, local: Path | None
) -> Corpus:
    """Keep the first of equal photos, refuse the others, and split."""
    prescribed = {look.key: look.split for look in looks if look.split} | listed
    has_test_set = HELD_OUT in prescribed.values()
    photos: dict[str, CorpusPhoto] = {}
    refused = []
    # where copies of one photo were given different splits, the held-out one wins: nothing held out is trained on
    for look in sorted(looks, key=lambda look: prescribed.get(look.key) != HELD_OUT):
        if look.reason:
            refused.append(Refusal(look.key, look.reason, look.message))
        elif look.sha256 in photos:
            twin = photos[look.sha256].name
            refused.append(Refusal(look.key, "duplicate", f"the same bytes as {twin}; one of them is enough"))
        else:
            split = prescribed.get(look.key) or _undecided(look.sha256, has_test_set)
            photos[look.sha256] = CorpusPhoto(
                look.key,
                look.copy(folder) if look.suffix or local is None else local / look.key,
                look.sha256,
                look.width,
                look.height,
                split,
                source,
                look.licence or licence_of_layout(look.key) or _LICENCE,
                look.mask(folder),
            )
    return Corpus(name, with_every_split(photos.values()), tuple(refused))


def _undecided(sha256: str, has_test_set: bool) -> str:
    """The split of a photo that nothing prescribes: by checksum, but not held out where a test set is prescribed."""
    split = split_of(sha256)
    return TRAIN if has_test_set and split == HELD_OUT else split
