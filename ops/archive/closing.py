"""Closing the books of a collection: what its ledgers say for one release, held against the manifest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ops.archive.ledger import read_ledgers
from ops.archive.manifest import read_manifest
from ops.archive.provenance import ReleaseIdentity
from ops.archive.report import summarise
from ops.archive.samples import sample_sheet
from ops.images import encode_png
from ops.storage.protocol import Storage


@dataclass(frozen=True)
class ClosedBooks:
    """``counts`` of photos (in the manifest) and of restored and refused ones, the ``summary`` and ``samples``."""

    counts: dict[str, int]
    summary: str
    samples: Tensor


def close_books(
    source: Storage, target: Storage, collection: str, release: ReleaseIdentity, folder: Path
) -> ClosedBooks:
    """Sum up a collection and write ``archive.md`` and ``archive.png`` into ``folder``.

    Raises:
        ValueError: the collection has no manifest.
    """
    manifest = read_manifest(target, collection)
    if manifest is None:
        raise ValueError(f"{target.location} has no manifest of {collection!r}: materialize archive_manifest first")
    shards = set(manifest.shard_ids)
    rows = [row for row in read_ledgers(target, release) if row.shard in shards]
    statuses = Counter(row.status for row in rows)
    counts = {
        "photos": len(manifest.table),
        "restored": statuses["restored"],
        "refused": statuses["refused"],
        "in open shards": len(manifest.table) - len(rows),
    }
    samples = sample_sheet(rows, source, target, count=6)
    summary = f"{collection}, {release.name} version {release.version}\n\n{summarise(rows)}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "archive.md").write_text(summary)
    (folder / "archive.png").write_bytes(encode_png(samples))
    return ClosedBooks(counts, summary, samples)
