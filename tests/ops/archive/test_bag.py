from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bagit
import pytest
from archive_samples import BAD, GOOD, PACE, RELEASE, Negative, craft, only_shard

from ops.archive.bag import seal_bag
from ops.archive.closing import close_books, open_books
from ops.archive.decisions import decide
from ops.archive.premis import NAMESPACE
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import ShardReport, restore_shard
from ops.storage.folder import FolderStorage

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bagit")
STRICT = ReviewRules(mean_change=0.15, damaged_fraction=1, confidence=0, face_change=1)


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


def restore(source: FolderStorage, target: FolderStorage, rules: ReviewRules | None = None) -> ShardReport:
    shard, ways = only_shard(source, target), craft(Negative())
    return restore_shard(shard, source, target, ways if rules is None else replace(ways, rules=rules), PACE)


def photos_csv(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "data/photos.csv").open() as table:
        return {row["key"]: row for row in csv.DictReader(table)}


def test_a_finished_collection_is_a_valid_bag_with_every_photo_in_its_table(
    source: FolderStorage, target: FolderStorage, tmp_path: Path
) -> None:
    report = restore(source, target)
    sealed = seal_bag(target, "attic", RELEASE, tmp_path / "bags")
    assert bagit.Bag(str(sealed.folder)).is_valid()
    assert (sealed.num_photos, sealed.num_files) == (5, 16)
    table = photos_csv(sealed.folder)
    assert set(table) == {*GOOD, *BAD}
    for row in report.rows:
        if row.output_key is not None:
            assert (sealed.folder / "data/photos" / table[row.key]["photo"]).read_bytes() == target.read(row.output_key)
    assert seal_bag(target, "attic", RELEASE, tmp_path / "bags") == sealed


def test_one_changed_bit_in_a_bag_is_noticed(source: FolderStorage, target: FolderStorage, tmp_path: Path) -> None:
    restore(source, target)
    sealed = seal_bag(target, "attic", RELEASE, tmp_path)
    photo = next((sealed.folder / "data/photos").iterdir())
    photo.write_bytes(photo.read_bytes()[:-1] + b"\0")
    with pytest.raises(bagit.BagValidationError):
        seal_bag(target, "attic", RELEASE, tmp_path)


def test_a_result_that_is_no_longer_what_the_ledger_says_is_not_sealed(
    source: FolderStorage, target: FolderStorage, tmp_path: Path
) -> None:
    row = next(row for row in restore(source, target).rows if row.output_key)
    target.write_replace(row.output_key or "", b"other")
    with pytest.raises(ValueError, match="not what the ledger"):
        seal_bag(target, "attic", RELEASE, tmp_path)


def test_the_premis_document_names_original_event_and_agent(
    source: FolderStorage, target: FolderStorage, tmp_path: Path
) -> None:
    restore(source, target)
    folder = seal_bag(target, "attic", RELEASE, tmp_path).folder
    root = ET.parse(folder / "metadata/premis.xml").getroot()  # noqa: S314
    assert len(root.findall(f"{{{NAMESPACE}}}event")) == len(root.findall(f"{{{NAMESPACE}}}object")) == len(GOOD)
    assert len(root.findall(f"{{{NAMESPACE}}}agent")) == 1
    assert {each.text for each in root.iter(f"{{{NAMESPACE}}}originalName")} == set(GOOD)


def test_what_waits_for_a_person_keeps_the_collection_open_and_the_verdict_decides(
    source: FolderStorage, target: FolderStorage, tmp_path: Path
) -> None:
    rows = {row.key: row for row in restore(source, target, STRICT).rows}
    with pytest.raises(ValueError, match="5 wait for a person"):
        seal_bag(target, "attic", RELEASE, tmp_path)
    for number, key in enumerate(GOOD):
        decide(target, RELEASE, rows[key], "rejected" if number == 0 else "accepted", "ann", "=cmd|x")
    sealed = seal_bag(target, "attic", RELEASE, tmp_path / "bags")
    table = photos_csv(sealed.folder)
    assert sealed.num_photos == len(GOOD) - 1
    assert (table[GOOD[0]]["decision"], table[GOOD[0]]["photo"]) == ("rejected", "")
    assert len(list(target.list("restored/"))) == len(GOOD) - 1
    books = close_books(source, target, "attic", RELEASE, tmp_path / "results")
    assert (books.counts["accepted"], books.counts["rejected"], books.counts["waiting for a person"]) == (4, 1, 0)
    candidates = (tmp_path / "results/candidates.csv").read_text().splitlines()
    assert len(candidates) == 2
    assert candidates[1].startswith(GOOD[0])
    assert "'=cmd|x" in candidates[1]


def test_the_first_decision_stands(source: FolderStorage, target: FolderStorage) -> None:
    row = next(row for row in restore(source, target, STRICT).rows if row.flags)
    assert decide(target, RELEASE, row, "rejected", "ann").verdict == "rejected"
    assert decide(target, RELEASE, row, "accepted", "bob").by == "ann"
    assert list(target.list("restored/")) == []
    assert len(open_books(target, "attic", RELEASE).waiting) == len(GOOD) - 1


def test_a_photo_that_nobody_holds_cannot_be_decided(source: FolderStorage, target: FolderStorage) -> None:
    row = restore(source, target).rows[0]
    with pytest.raises(ValueError, match="does not wait"):
        decide(target, RELEASE, row, "accepted", "ann")
