"""What a person decided about results that waited: accepted or rejected, once and for good, beside the ledger.

A held result that is accepted is published under ``restored/``; one that is rejected never is, and its original becomes
a candidate for annotation and training. The first decision stands, like every other row of the books; who thinks better
of it releases a better model.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ops.archive.ledger import LedgerRow
from ops.archive.provenance import ReleaseIdentity, photo_id
from ops.images import page_key
from ops.storage.protocol import ObjectMissingError, Storage

VERDICTS = ("accepted", "rejected")


@dataclass(frozen=True)
class Decision:
    """One person's word on one photo; `note` is free text."""

    shard: str
    key: str
    verdict: str
    by: str
    note: str
    decided_at: datetime

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}, got {self.verdict!r}")


def needs_person(row: LedgerRow) -> bool:
    """Whether a row waits, or waited, for a decision."""
    return row.status == "restored" and row.flags is not None


def decide(
    target: Storage, release: ReleaseIdentity, row: LedgerRow, verdict: str, by: str, note: str = ""
) -> Decision:  # fmt: skip
    """Write down a verdict on a held result, and publish it if it was accepted.

    Returns:
        The decision that stands: this one, or that of whoever was first.

    Raises:
        ValueError: the result does not wait for anybody, or the verdict is unknown.
    """
    if not needs_person(row):
        raise ValueError(f"{row.key!r} of shard {row.shard} does not wait for a decision: choose one that is held")
    decision = Decision(row.shard, row.key, verdict, by, note, datetime.now(UTC))
    key = _decision_key(release, row)
    content = asdict(decision) | {"decided_at": decision.decided_at.isoformat()}
    target.write_once(key, json.dumps(content, ensure_ascii=False, sort_keys=True).encode())
    standing = _parse(target.read(key))
    publish_accepted(target, [row], {(row.shard, row.key): standing})
    return standing


def read_decisions(
    target: Storage, release: ReleaseIdentity, rows: Iterable[LedgerRow]
) -> dict[tuple[str, str], Decision]:  # fmt: skip
    """The decisions on ``rows`` by shard and key; one that waits has none."""
    found = {}
    for row in filter(needs_person, rows):
        try:
            found[row.shard, row.key] = _parse(target.read(_decision_key(release, row)))
        except ObjectMissingError:
            continue
    return found


def publish_accepted(
    target: Storage, rows: Iterable[LedgerRow], decisions: Mapping[tuple[str, str], Decision]
) -> None:  # fmt: skip
    """Copy accepted results to where results lie; doing it again, or after a kill, changes nothing."""
    for row in rows:
        decision = decisions.get((row.shard, row.key))
        if decision is not None and decision.verdict == "accepted":
            for held, goal in _goals(row):
                if target.find(goal) is None:
                    target.write_once(goal, target.read(held))


def published_key(row: LedgerRow) -> str:
    """Where a restored photo lies once it may be seen."""
    assert row.output_key is not None
    return "restored/" + row.output_key.partition("/")[2]


def _goals(row: LedgerRow) -> Iterator[tuple[str, str]]:
    """Where the result of a row and its access copies lie, and where once they may be seen."""
    if row.access_key is not None:
        for page in range(1, (row.num_pages or 1) + 1):
            held = page_key(row.access_key, page)
            yield held, "access/" + held.partition("/")[2]
    if row.output_key is not None:
        yield row.output_key, published_key(row)


def candidates_csv(rows: Sequence[LedgerRow], decisions: Mapping[tuple[str, str], Decision]) -> str:
    """The rejected photos as a table: what to annotate, or to train with, next."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["key", "source_etag", "source_sha256", "mask_key", "flags", "by", "note"])
    for row in rows:
        decision = decisions.get((row.shard, row.key))
        if decision is not None and decision.verdict == "rejected":
            cells = (row.key, row.source_etag, row.source_sha256, row.mask_key, row.flags, decision.by, decision.note)
            writer.writerow([plain_cell(cell or "") for cell in cells])
    return table.getvalue()


def plain_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _decision_key(release: ReleaseIdentity, row: LedgerRow) -> str:
    return f"decisions/{release.digest}/{row.shard}/{photo_id(row.key)}.json"


def _parse(data: bytes) -> Decision:
    content = json.loads(data)
    return Decision(**content | {"decided_at": datetime.fromisoformat(content["decided_at"])})
