"""Parquet files that are at hand as bytes, read by the calling thread alone.

Arrow's threads for reading may hold such bytes, which are Python's, a moment longer than the reader. If Python is
ending by then, the process dies with all its work done: "terminate called without an active exception". A process that
read a ledger on a busy machine did so once in ten times. Files read by their path are Arrow's own and do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def open_parquet(data: bytes) -> pq.ParquetFile:
    """The file in ``data``; to be closed, and read without threads (``batches_of``).

    Raises:
        pyarrow.ArrowException: it is no Parquet file.
    """
    return pq.ParquetFile(pa.BufferReader(data), pre_buffer=False)


def read_parquet(data: bytes) -> pa.Table:
    """The whole table in ``data``; raises as ``open_parquet``."""
    with open_parquet(data) as file:
        return file.read(use_threads=False)


def batches_of(file: pq.ParquetFile, columns: Sequence[str], num_rows: int = 65_536) -> Iterator[pa.RecordBatch]:
    """The rows of ``file``, at most ``num_rows`` at a time."""
    return file.iter_batches(num_rows, columns=list(columns), use_threads=False)
