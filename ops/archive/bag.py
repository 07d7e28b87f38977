"""A finished collection as a BagIt bag (RFC 8493): what an archive takes in, with everything that proves it.

Payload: the published photos, their masks and their records, named by checksums (keys may be any string at all), and
``photos.csv``, which says which photo of the collection each one is. Refused and rejected photos are in that table with
the reason, but bring no picture. A PREMIS document is among the tag files.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import bagit

from ops.archive.closing import open_books
from ops.archive.decisions import Decision, plain_cell, publish_accepted, published_key
from ops.archive.ledger import LedgerRow
from ops.archive.premis import premis_xml
from ops.archive.provenance import Provenance, ReleaseIdentity, from_json, photo_id, provenance_key
from ops.images import page_key
from ops.storage.protocol import Storage


@dataclass(frozen=True)
class SealedBag:
    """Where the bag lies, and how many photos, files and bytes are in it."""

    folder: Path
    num_photos: int
    num_files: int
    num_bytes: int


def seal_bag(target: Storage, collection: str, release: ReleaseIdentity, parent: Path) -> SealedBag:
    """Write the bag of a finished collection below ``parent`` and validate it; a bag that is there is validated again.

    Raises:
        ValueError: the collection is not finished: shards are open, or photos wait for a person.
        bagit.BagValidationError: what was written is not what was meant.
    """
    books = open_books(target, collection, release)
    if books.num_open or books.waiting:
        raise ValueError(
            f"{collection} is not finished: {books.num_open} photos are in open shards (restore them) and "
            f"{len(books.waiting)} wait for a person (albumen review)"
        )
    folder = parent / f"{collection}-{release.digest}-{_state(books.rows, books.decisions)}"
    if not folder.exists():
        making = parent / f".making-{folder.name}"
        shutil.rmtree(making, ignore_errors=True)
        publish_accepted(target, books.rows, books.decisions)
        _write(making, target, books.rows, books.decisions, release, collection)
        making.rename(folder)
    bag = bagit.Bag(str(folder))
    bag.validate()
    octets, num_files = bag.info["Payload-Oxum"].split(".")
    num_photos = sum(_is_published(row, books.decisions) for row in books.rows)
    return SealedBag(folder, num_photos, int(num_files), int(octets))


def _write(
    folder: Path,
    target: Storage,
    rows: Sequence[LedgerRow],
    decisions: Mapping[tuple[str, str], Decision],
    release: ReleaseIdentity,
    collection: str,
) -> None:
    payload = _Payload(folder)
    published = [row for row in rows if _is_published(row, decisions)]
    for row in published:
        record_key = provenance_key(release, row.shard, row.key)
        assert row.mask_key is not None
        payload.add(f"photos/{Path(published_key(row)).name}", _checked(target, row))
        for mask_key in (page_key(row.mask_key, page) for page in range(1, (row.num_pages or 1) + 1)):
            payload.add(f"masks/{Path(mask_key).name}", target.read(mask_key))
        payload.add(f"records/{row.shard}-{photo_id(row.key)}.json", target.read(record_key))
    payload.add("photos.csv", _table(rows, decisions))
    (folder / "metadata").mkdir()
    with (folder / "metadata/premis.xml").open("w", encoding="utf-8") as premis:
        premis.writelines(premis_xml(_records(target, release, published)))
    payload.close(
        {
            "Bagging-Date": datetime.now(UTC).date().isoformat(),
            "Bag-Software-Agent": f"albumen {version('albumen')}",
            "External-Identifier": collection,
            "External-Description": f"restored by {release.name} {release.version}, sha256 {release.sha256}",
        }
    )


def _is_published(row: LedgerRow, decisions: Mapping[tuple[str, str], Decision]) -> bool:
    decision = decisions.get((row.shard, row.key))
    return row.status == "restored" and (decision is None or decision.verdict == "accepted")


def _checked(target: Storage, row: LedgerRow) -> bytes:
    """The published photo, if it is still what the ledger says.

    Raises:
        ValueError: it is not.
    """
    data = target.read(published_key(row))
    if hashlib.sha256(data).hexdigest() != row.output_sha256:
        raise ValueError(
            f"{target.location}/{published_key(row)} is not what the ledger of {row.shard} says (sha256 "
            f"{row.output_sha256}): put the right one back from a copy, or restore the shard to another target"
        )
    return data


def _records(target: Storage, release: ReleaseIdentity, rows: Sequence[LedgerRow]) -> Iterator[Provenance]:
    for row in rows:
        key = provenance_key(release, row.shard, row.key)
        yield from_json(target.read(key), key)


def _state(rows: Sequence[LedgerRow], decisions: Mapping[tuple[str, str], Decision]) -> str:
    """A word for what the bag holds, so that a collection that grew gets another bag."""
    return hashlib.sha256(_table(rows, decisions)).hexdigest()[:12]


def _table(rows: Sequence[LedgerRow], decisions: Mapping[tuple[str, str], Decision]) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(
        ["key", "shard", "status", "reason", "flags", "decision", "source_sha256", "output_sha256", "photo"]
    )
    for row in rows:
        decision = decisions.get((row.shard, row.key))
        is_there = _is_published(row, decisions)
        facts = (row.key, row.shard, row.status, row.reason, row.flags, decision and decision.verdict)
        result = (row.output_sha256, Path(published_key(row)).name) if is_there else ("", "")
        writer.writerow([plain_cell(cell or "") for cell in (*facts, row.source_sha256, *result)])
    return table.getvalue().encode()


class _Payload:
    """The files of a bag, hashed as they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sums: dict[str, str] = {}
        self._num_bytes = 0

    def add(self, name: str, data: bytes) -> None:
        """Write one payload file; equal photos share theirs."""
        path = self._folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if f"data/{name}" not in self._sums:
            path.write_bytes(data)
            self._sums[f"data/{name}"] = hashlib.sha256(data).hexdigest()
            self._num_bytes += len(data)

    def close(self, info: Mapping[str, str]) -> None:
        """Write the tag files."""
        oxum = {"Payload-Oxum": f"{self._num_bytes}.{len(self._sums)}"}
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in {**info, **oxum}.items()),
            "manifest-sha256.txt": "".join(f"{sha}  {name}\n" for name, sha in sorted(self._sums.items())),
        }
        for name, text in tags.items():
            (self._folder / name).write_text(text, encoding="utf-8")
        names = sorted([*tags, "metadata/premis.xml"])
        sums = "".join(f"{hashlib.sha256((self._folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
        (self._folder / "tagmanifest-sha256.txt").write_text(sums, encoding="utf-8")
