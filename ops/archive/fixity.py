"""Fixity: is everything at the target still what its record says, byte for byte?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops.archive.closing import Books
from ops.archive.decisions import published_key
from ops.archive.ledger import LedgerRow, ledger_row
from ops.archive.provenance import Provenance, ReleaseIdentity, from_json, provenance_key
from ops.storage.protocol import ObjectMissingError, Storage


@dataclass(frozen=True)
class Fixity:
    """How many files were read anew, and a sentence for each that is not what it should be."""

    num_files: int
    faults: tuple[str, ...]


def verify(
    target: Storage, release: ReleaseIdentity, books: Books, progress: Callable[[int, int], object] | None = None
) -> Fixity:  # fmt: skip
    """Read results, masks, copies and records of all booked photos, and hold them against their checksums.

    Args:
        target: where they lie; is only read.
        release: that made them.
        books: of the collection.
        progress: is told (photos done, photos in all) after each photo.
    """
    num_files, faults = 0, []
    for done, row in enumerate(books.rows, 1):
        key = provenance_key(release, row.shard, row.key)
        num_files += 1
        try:
            record = from_json(target.read(key), key)
        except (ObjectMissingError, ValueError) as error:
            faults.append(str(error))
        else:
            if ledger_row(record) != row:
                faults.append(f"{target.location}/{key} and the ledger of {row.shard} do not say the same")
            for file, sha256 in _files(record, row, books):
                num_files += 1
                faults += _fault(target, file, sha256)
        if progress is not None:
            progress(done, len(books.rows))
    return Fixity(num_files, tuple(faults))


def _files(record: Provenance, row: LedgerRow, books: Books) -> Iterator[tuple[str, str]]:
    """What a record vouches for: key and checksum."""
    if record.derivative is None:
        return
    yield record.derivative.key, record.derivative.sha256
    decision = books.decisions.get((row.shard, row.key))
    if decision is not None and decision.verdict == "accepted":
        yield published_key(row), record.derivative.sha256
    yield record.derivative.mask_key, record.derivative.mask_sha256
    yield from ((page.mask_key, page.mask_sha256) for page in record.pages[1:])
    yield from ((copy.key, copy.sha256) for copy in record.copies)


def _fault(target: Storage, key: str, sha256: str) -> list[str]:
    try:
        found = hashlib.sha256(target.read(key)).hexdigest()
    except ObjectMissingError:
        return [f"{target.location}/{key} is gone: put it back from a copy"]
    if found == sha256:
        return []
    return [f"{target.location}/{key} changed (expected sha256 {sha256}, found {found}): put it back from a copy"]
