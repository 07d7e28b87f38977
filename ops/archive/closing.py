"""Closing the books of a collection: what its ledgers say for one release, held against the manifest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ops.archive.decisions import (
    VERDICTS,
    Decision,
    candidates_csv,
    needs_person,
    publish_accepted,
    read_decisions,
)
from ops.archive.ledger import LedgerRow, read_ledgers
from ops.archive.manifest import Manifest, read_manifest
from ops.archive.photo_table import photo_table
from ops.archive.provenance import ReleaseIdentity
from ops.archive.report import summarise
from ops.archive.samples import sample_sheet
from ops.images import encode_png
from ops.storage.protocol import Storage


@dataclass(frozen=True)
class Books:
    """Where a collection stands: the rows of its finished shards, what people decided, and what was listed."""

    rows: tuple[LedgerRow, ...]
    decisions: dict[tuple[str, str], Decision]
    manifest: Manifest

    @property
    def num_photos(self) -> int:
        """Photos of the manifest, a changed one counted anew."""
        return len(self.manifest.table)

    @property
    def num_open(self) -> int:
        """Photos that have no row yet."""
        return self.num_photos - len(self.rows)

    @property
    def waiting(self) -> tuple[LedgerRow, ...]:
        """Results that wait for a person, and nobody has decided."""
        rows = (row for row in self.rows if needs_person(row))
        return tuple(row for row in rows if (row.shard, row.key) not in self.decisions)


def open_books(target: Storage, collection: str, release: ReleaseIdentity) -> Books:
    """Read where a collection stands for one release.

    Raises:
        ValueError: it has no manifest.
    """
    manifest = read_manifest(target, collection)
    if manifest is None:
        raise ValueError(f"{target.location} has no manifest of {collection!r}: materialize archive_manifest first")
    shards = set(manifest.shard_ids)
    rows = tuple(row for row in read_ledgers(target, release) if row.shard in shards)
    return Books(rows, read_decisions(target, release, rows), manifest)


def refused_for(books: Books, reason: str) -> frozenset[str]:
    """The keys of the photos whose last word is a refusal for ``reason``; those that wait for another try have none."""
    table = books.manifest.table
    latest = dict(zip(table["key"], table["shard"], strict=True))  # of several rows of a key the last one stays
    return frozenset(row.key for row in books.rows if row.reason == reason and latest[row.key] == row.shard)


@dataclass(frozen=True)
class ClosedBooks:
    """``counts`` of photos (in the manifest) and of restored and refused ones, the ``summary`` and ``samples``."""

    counts: dict[str, int]
    summary: str
    samples: Tensor


def close_books(
    source: Storage, target: Storage, collection: str, release: ReleaseIdentity, folder: Path
) -> ClosedBooks:
    """Sum up a collection in ``folder``.

    Writes ``archive.md`` and ``archive.png``, ``archive-photos.parquet`` (all that is known of every photo, see
    `ops.archive.photo_table`), and ``candidates.csv`` of rejected photos.

    Raises:
        ValueError: the collection has no manifest.
    """
    books = open_books(target, collection, release)
    rows, verdicts = books.rows, Counter(each.verdict for each in books.decisions.values())
    publish_accepted(target, rows, books.decisions)
    statuses = Counter(row.status for row in rows)
    counts = {
        "photos": books.num_photos,
        "restored": statuses["restored"],
        "refused": statuses["refused"],
        "in open shards": books.num_open,
        "waiting for a person": len(books.waiting),
        **{verdict: verdicts[verdict] for verdict in VERDICTS},
    }
    samples = sample_sheet(rows, source, target, count=6)
    summary = f"{collection}, {release.name} version {release.version}\n\n{summarise(rows, len(books.waiting))}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "archive.md").write_text(summary)
    photo_table(books.manifest, rows).to_parquet(folder / "archive-photos.parquet", compression="zstd", index=False)
    (folder / "candidates.csv").write_text(candidates_csv(rows, books.decisions))
    (folder / "archive.png").write_bytes(encode_png(samples))
    return ClosedBooks(counts, summary, samples)
