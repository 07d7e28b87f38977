from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.archive.ledger import LedgerRow, ledger_key, read_ledger, read_ledgers, write_ledger
from ops.archive.provenance import ReleaseIdentity
from ops.storage.folder import FolderStorage

RELEASE = ReleaseIdentity("albumen", "3", "ab" * 32)
ROW = LedgerRow(
    shard="attic-00000",
    key="box 1/Großmutter.tif",
    status="restored",
    source_etag="9f",
    source_bytes=5_000_000_000,
    model_name="albumen",
    model_version="3",
    model_sha256="ab" * 32,
    recipe="standard",
    seconds=1.5,
    finished_at=datetime(2025, 1, 2, 3, 4, 5, 678, UTC),
    output_key="restored/x.tif",
    width=40,
    is_grey=False,
    damaged_fraction=0.25,
)
REFUSED = replace(ROW, key="bad", status="refused", reason="truncated", output_key=None, width=None, is_grey=None)


@pytest.fixture
def target(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "results")


def test_a_ledger_is_read_as_it_was_written(target: FolderStorage) -> None:
    key = ledger_key(RELEASE, "attic-00000")
    assert write_ledger(target, key, [ROW, REFUSED]) == (ROW, REFUSED)
    assert read_ledger(target, key) == (ROW, REFUSED)


def test_an_open_shard_has_no_ledger(target: FolderStorage) -> None:
    assert read_ledger(target, ledger_key(RELEASE, "attic-00000")) is None


def test_the_first_ledger_of_a_shard_stands(target: FolderStorage) -> None:
    write_ledger(target, "ledger/x.parquet", [ROW])
    twin = replace(ROW, seconds=9.0)
    assert write_ledger(target, "ledger/x.parquet", [twin]) == (ROW,)


def test_the_ledgers_of_one_release_are_read_together(target: FolderStorage) -> None:
    for shard, row in (("attic-00000", ROW), ("attic-00001", REFUSED)):
        write_ledger(target, ledger_key(RELEASE, shard), [row])
    other = ReleaseIdentity("albumen", "4", "cd" * 32)
    write_ledger(target, ledger_key(other, "attic-00000"), [ROW])
    assert list(read_ledgers(target, RELEASE)) == [ROW, REFUSED]
