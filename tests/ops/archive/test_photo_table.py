"""One table of all that is known of every photo."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from archive_samples import BAD, GOOD, PACE, RELEASE, Negative, craft

from ops.archive.closing import close_books
from ops.archive.manifest import ShardLimits, take_snapshot
from ops.archive.photo_table import photo_table
from ops.archive.shard import restore_shard
from ops.storage.folder import FolderStorage


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


def test_what_was_read_stands_beside_what_was_listed(
    source: FolderStorage, target: FolderStorage, tmp_path: Path
) -> None:
    manifest = take_snapshot(source, target, "attic", ShardLimits(5, 10**9, 10**9))
    assert len(manifest.shard_ids) == 2
    first = restore_shard(manifest.shard("attic-00000"), source, target, craft(Negative()), PACE)
    table = photo_table(manifest, first.rows).set_index("key")
    assert sorted(table.index) == sorted([*GOOD, *BAD])
    assert table.loc[GOOD[0], ["container", "pixels", "bits", "has_icc"]].tolist() == ["PNG", 24 * 32, 8, False]
    assert table.loc[GOOD[0], "source_sha256"] == first.rows[1].source_sha256
    assert table.loc[BAD[0], ["status", "reason"]].tolist() == ["refused", "truncated"]
    assert table.loc[BAD[0], ["container", "pixels"]].isna().all()
    unread = table[table["shard"] == "attic-00001"]
    assert len(unread) == 2
    assert unread[["status", "container", "pixels", "source_sha256"]].isna().all(axis=None)
    assert table["size"].notna().all()


def test_the_closed_books_hold_the_table(source: FolderStorage, target: FolderStorage, tmp_path: Path) -> None:
    manifest = take_snapshot(source, target, "attic", ShardLimits(9, 10**9, 10**9))
    restore_shard(manifest.shard("attic-00000"), source, target, craft(Negative()), PACE)
    close_books(source, target, "attic", RELEASE, tmp_path / "books")
    table = pd.read_parquet(io.BytesIO((tmp_path / "books/archive-photos.parquet").read_bytes()))
    assert len(table) == len(GOOD) + len(BAD)
    assert int(table["pixels"].sum()) == 4 * 24 * 32 + 16 * 24
