"""Whatever changed at the target is named; what did not is left in peace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from archive_samples import GOOD, PACE, RELEASE, Negative, craft, only_shard

from ops.archive.closing import open_books
from ops.archive.copies import Copies
from ops.archive.decisions import decide
from ops.archive.fixity import Fixity, verify
from ops.archive.ledger import LedgerRow
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import restore_shard
from ops.decoding import decode_here
from ops.storage.folder import FolderStorage

STRICT = ReviewRules(mean_change=0.15, damaged_fraction=1, confidence=0, face_change=1)


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


@pytest.fixture
def row(source: FolderStorage, target: FolderStorage) -> LedgerRow:
    """A held and accepted result with copies; the others of the shard wait."""
    ways = replace(craft(Negative()), rules=STRICT, copies=Copies(16, True, decode_here))
    rows = restore_shard(only_shard(source, target), source, target, ways, PACE).rows
    chosen = next(row for row in rows if row.key == GOOD[0])
    decide(target, RELEASE, chosen, "accepted", "ann")
    return chosen


def check(target: FolderStorage) -> Fixity:
    return verify(target, RELEASE, open_books(target, "attic", RELEASE))


@pytest.mark.usefixtures("row")
def test_what_is_as_it_was_has_no_fault(target: FolderStorage) -> None:
    told: list[tuple[int, int]] = []
    books = open_books(target, "attic", RELEASE)
    # Records of seven photos; result, mask, access copy and sheet of five; one was published.
    assert verify(target, RELEASE, books, lambda *each: told.append(each)) == Fixity(7 + 5 * 4 + 1, ())
    assert told == [(number, 7) for number in range(1, 8)]


@pytest.mark.parametrize("prefix", ["held/", "restored/", "masks/", "held-access/", "sheets/"])
def test_one_changed_bit_anywhere_is_named(target: FolderStorage, row: LedgerRow, prefix: str) -> None:
    name = row.source_sha256 or ""
    (key,) = (each.key for each in target.list(prefix) if name in each.key)
    data = bytearray(target.read(key))
    data[-1] ^= 1
    target.write_replace(key, bytes(data))
    (fault,) = check(target).faults
    assert key in fault
    assert "changed" in fault


def test_what_is_gone_is_named(target: FolderStorage, row: LedgerRow) -> None:
    (Path(target.location) / (row.mask_key or "")).unlink()
    (fault,) = check(target).faults
    assert f"{row.mask_key} is gone" in fault


@pytest.mark.usefixtures("row")
def test_a_record_that_was_rewritten_is_named(target: FolderStorage) -> None:
    first = next(iter(target.list("provenance/"))).key
    target.write_replace(first, target.read(first).replace(b'"attic-00000"', b'"attic-00009"'))
    assert any("do not say the same" in fault for fault in check(target).faults)
    target.write_replace(first, b"{}")
    assert any("is no provenance record" in fault for fault in check(target).faults)
