"""Restoring a shard: every photo of it ends restored or refused, whatever happens on the way.

The way of one photo is `ops.archive.desk`; here several are on their way at once, while the network works on one. A
run that is killed anywhere leaves the photos in flight without a record, which the next run does again; a photo with a
record is never touched again. When all have one, the ledger closes the shard.
A bad photo is a row of the ledger. Everything else that fails stops the run and leaves the shard open.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ops.archive.craft import Craft
from ops.archive.desk import DENIED, Desk, check_recipe
from ops.archive.ledger import LedgerRow, ledger_key, ledger_row, read_ledger, write_ledger
from ops.archive.manifest import Shard
from ops.archive.provenance import Provenance
from ops.archive.streaming import Pace, PixelBudget, Steps, Stopwatch, stream
from ops.storage.protocol import Storage, StorageUnreachableError


@dataclass(frozen=True)
class ShardReport:
    """What a run did.

    Attributes:
        shard: its id.
        ledger_key: where the ledger lies at the target.
        rows: the ledger.
        num_done_before: photos that an earlier run had finished.
        seconds: that each stage was busy, summed over its threads, and "wall"; empty for a shard found closed.
        peak_pixels: most pixels that were held at once.
    """

    shard: str
    ledger_key: str
    rows: tuple[LedgerRow, ...]
    num_done_before: int
    seconds: Mapping[str, float]
    peak_pixels: int

    @property
    def num_restored(self) -> int:
        """Photos restored, by this run or an earlier one."""
        return sum(row.status == "restored" for row in self.rows)

    @property
    def refusals(self) -> dict[str, int]:
        """Number of refused photos per reason."""
        return dict(Counter(row.reason for row in self.rows if row.reason is not None))


def restore_shard(
    shard: Shard,
    source: Storage,
    target: Storage,
    craft: Craft,
    pace: Pace,
    progress: Callable[[int, int, LedgerRow], None] | None = None,
) -> ShardReport:
    """Restore what is still missing of a shard, and close it with its ledger.

    Args:
        shard: of the manifest.
        source: holds the originals; is only read.
        target: receives photos, masks, records and the ledger.
        craft: the model, and how it is used.
        pace: how much goes on at once.
        progress: is told (photos done, photos in all, row of the last one) after each photo, in the order they end.

    Raises:
        StorageError: a storage failed or cannot keep its promises; the shard stays open, run again.
        ValueError: the target lies in the source, or the release was run with another recipe before.
    """
    if f"{target.location}/".startswith(f"{source.location}/"):
        raise ValueError(f"the target {target.location} lies in the source {source.location}: choose one outside")
    key = ledger_key(craft.release, shard.id)
    closed = read_ledger(target, key)
    if closed is not None:
        _check_books(shard, closed)
        check_recipe(shard.id, closed[0].recipe, craft.recipe)
        return ShardReport(shard.id, key, closed, num_done_before=len(closed), seconds={}, peak_pixels=0)
    target.probe_conditional_writes()
    watch, pixels = Stopwatch(), PixelBudget(pace.num_pixels)
    desk = Desk(shard.id, source, target, craft, pixels, watch)
    steps = Steps(desk.fetch, lambda fetched: fetched.pages[0].pixels.shape, desk.restore, desk.publish, pixels.close)
    rows, denied, num_done_before = dict[str, LedgerRow](), list[Provenance](), 0
    with contextlib.closing(stream(shard.photos, steps, pace.num_in_flight)) as records:
        for record, was_done in records:
            row = rows[record.original.key] = ledger_row(record)
            num_done_before += was_done
            if row.reason == DENIED and not was_done:
                denied.append(record)
            if progress is not None:
                progress(len(rows), len(shard.photos), row)
    if len(denied) == len(shard.photos) > 1:
        raise StorageUnreachableError(
            f"{source.location}: not one of the {len(denied)} photos of shard {shard.id} may be read: allow "
            "s3:GetObject to these credentials (docs/archive/policies.md), then run again."
        )
    for record in denied:
        desk.keep(record)
    booked = [rows[photo.key] for photo in shard.photos if photo.key in rows]
    _check_books(shard, booked)
    standing = write_ledger(target, key, booked)
    return ShardReport(shard.id, key, standing, num_done_before, watch.seconds(), pixels.peak)


def _check_books(shard: Shard, rows: Sequence[LedgerRow]) -> None:
    """In = restored + refused, photo by photo."""
    listed, booked = [photo.key for photo in shard.photos], [row.key for row in rows]
    assert listed == booked, (
        f"shard {shard.id}: {len(listed)} photos listed, {len(booked)} booked, or not the same ones"
    )
