"""The ledger: what became of every photo of a shard, one row each, as one Parquet file per shard and release.

It is drawn from the provenance records and written once, when every photo of the shard has its final status:
a shard with a ledger is finished, a shard without one is open.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from ops.archive.provenance import ACCESS, SHEET, Provenance, ReleaseIdentity
from ops.parquet_bytes import read_parquet
from ops.storage.protocol import ObjectMissingError, Storage, WriteOutcome

_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), datetime: pa.timestamp("us", "UTC")}


@dataclass(frozen=True)
class LedgerRow:
    """One photo of the manifest and its final status; what a refusal leaves unknown is None.

    Attributes:
        status: "restored" or "refused", with `reason` (a short word) and `message` (a sentence) for the latter.
        width, height, bits, is_grey, has_icc: of page one, where there are several.
        num_pages: of the file; only TIFF has more than one.
        damaged_fraction: share of the photo's area detected as damaged, in [0, 1].
        mean_change: mean absolute difference between original and restored, in [0, 1] units.
        lost: what the restored file does not keep, and `flags`: why it waits for a person; comma-separated.
        seconds: from reading to the last write.
        access_key, access_bytes: the access copy, of several pages the first one's key and all their bytes.
        sheet_key: the review sheet, of several pages the first one's.
    """

    shard: str
    key: str
    status: str
    source_etag: str
    source_bytes: int
    model_name: str
    model_version: str
    model_sha256: str
    recipe: str
    seconds: float
    finished_at: datetime
    reason: str | None = None
    message: str | None = None
    source_sha256: str | None = None
    output_key: str | None = None
    output_bytes: int | None = None
    output_sha256: str | None = None
    mask_key: str | None = None
    container: str | None = None
    width: int | None = None
    height: int | None = None
    bits: int | None = None
    is_grey: bool | None = None
    has_icc: bool | None = None
    damaged_fraction: float | None = None
    mean_change: float | None = None
    lost: str | None = None
    flags: str | None = None
    num_pages: int | None = None
    access_key: str | None = None
    access_bytes: int | None = None
    sheet_key: str | None = None


def ledger_row(record: Provenance) -> LedgerRow:
    """Draw the row of a photo from its provenance record."""
    row = LedgerRow(
        shard=record.shard,
        key=record.original.key,
        status=record.status,
        source_etag=record.original.etag,
        source_bytes=record.original.num_bytes,
        model_name=record.release.name,
        model_version=record.release.version,
        model_sha256=record.release.sha256,
        recipe=record.recipe,
        seconds=(record.finished_at - record.started_at).total_seconds(),
        finished_at=record.finished_at,
        reason=record.reason,
        message=record.message,
        source_sha256=record.original.sha256,
        damaged_fraction=record.facts.get("damaged_fraction"),
        mean_change=record.facts.get("mean_change"),
        flags=",".join(record.flags) or None,
    )
    if record.picture is not None:
        row = replace(row, **asdict(record.picture) | {"lost": ",".join(record.picture.lost) or None})
    if record.derivative is not None:
        written = record.derivative
        row = replace(
            row,
            output_key=written.key,
            output_bytes=written.num_bytes,
            output_sha256=written.sha256,
            mask_key=written.mask_key,
            num_pages=len(record.pages) or 1,
        )
    access, sheets = ([each for each in record.copies if each.kind == kind] for kind in (ACCESS, SHEET))
    if access:
        row = replace(row, access_key=access[0].key, access_bytes=sum(each.num_bytes for each in access))
    return replace(row, sheet_key=sheets[0].key) if sheets else row


def ledger_key(release: ReleaseIdentity, shard: str) -> str:
    """Where the ledger of a shard lies."""
    return f"ledger/{release.digest}/{shard}.parquet"


def write_ledger(target: Storage, key: str, rows: Sequence[LedgerRow]) -> tuple[LedgerRow, ...]:
    """Close a shard: write its ledger once.

    Returns:
        The rows that stand in the ledger: ours, or those of a twin run that was first.
    """
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows], schema=_schema()), buffer, compression="zstd")
    if target.write_once(key, buffer.getvalue()) is WriteOutcome.CONFLICT:
        return _parse(target.read(key))
    return tuple(rows)


def read_ledger(target: Storage, key: str) -> tuple[LedgerRow, ...] | None:
    """Read the ledger of a shard; None while the shard is open."""
    try:
        return _parse(target.read(key))
    except ObjectMissingError:
        return None


def read_ledgers(target: Storage, release: ReleaseIdentity) -> Iterator[LedgerRow]:
    """Stream the rows of all finished shards of a release."""
    for ledger in target.list(f"ledger/{release.digest}/"):
        yield from _parse(target.read(ledger.key))


def _parse(data: bytes) -> tuple[LedgerRow, ...]:
    return tuple(LedgerRow(**row) for row in read_parquet(data).to_pylist())


def _schema() -> pa.Schema:
    """The columns are the fields of `LedgerRow`; those that may be None are nullable."""
    fields = []
    for name, kind in get_type_hints(LedgerRow).items():
        options = get_args(kind) or (kind,)
        fields.append(pa.field(name, _ARROW[options[0]], nullable=type(None) in options))
    return pa.schema(fields)
