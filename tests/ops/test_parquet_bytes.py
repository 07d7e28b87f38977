import io
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ops.parquet_bytes import batches_of, open_parquet, read_parquet

TABLE = pa.table({"photo": [f"box/{number}.tif" for number in range(1000)], "pixels": list(range(1000))})

COUNT_THREADS = """
import os, sys
from ops.parquet_bytes import batches_of, open_parquet, read_parquet
data = open(sys.argv[1], "rb").read()
before = os.listdir("/proc/self/task")
assert read_parquet(data).num_rows == 1000
with open_parquet(data) as file:
    assert sum(batch.num_rows for batch in batches_of(file, ["pixels"], 16)) == 1000
print(sorted(set(os.listdir("/proc/self/task")) - set(before)))
"""


def as_bytes(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def test_what_was_written_is_read() -> None:
    assert read_parquet(as_bytes(TABLE)) == TABLE
    with open_parquet(as_bytes(TABLE)) as file:
        batches = list(batches_of(file, ["pixels"], 300))
    assert [batch.num_rows for batch in batches] == [300, 300, 300, 100]
    assert pa.Table.from_batches(batches) == TABLE.select(["pixels"])


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid):
        read_parquet(b"no table")


@pytest.mark.skipif(sys.platform != "linux", reason="counts the threads that Linux lists")
def test_only_the_calling_thread_ever_holds_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(as_bytes(TABLE))
    counted = subprocess.run(
        [sys.executable, "-c", COUNT_THREADS, str(tmp_path / "table.parquet")],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    assert counted.stdout.strip() == "[]"
