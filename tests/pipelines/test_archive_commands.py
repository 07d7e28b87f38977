"""`albumen retry` and `albumen seal` over a collection in folders, restored by the shipped model's name."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor

from ops.archive.craft import Craft
from ops.archive.decisions import decide
from ops.archive.ledger import LedgerRow
from ops.archive.manifest import ARCHIVE_SHARD, collection_name, read_manifest, take_snapshot
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import restore_shard
from ops.archive.streaming import Pace
from ops.chosen_model import ModelChoice, chosen_identity
from ops.decoding import decode_here
from ops.images import encode_png
from ops.restoration import Restoration
from ops.storage.folder import FolderStorage
from pipelines.command_line import main

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bagit")
RELEASE = chosen_identity(ModelChoice.SHIPPED, "")
LENIENT = ReviewRules(mean_change=1, damaged_fraction=1, confidence=0, face_change=1)


def albumen(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def lighter(old: Tensor) -> Restoration:
    return Restoration((old + 0.2).clamp(0, 1), torch.zeros_like(old[:, :1]), {"mean_change": 0.2})


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStorage:
    """Two photos and a torn one, which the commands find by their settings."""
    storage = FolderStorage(tmp_path / "originals")
    for name in ("a.png", "b.png"):
        storage.write_once(name, encode_png(torch.rand(1, 3, 16, 16)))
    storage.write_once("torn.png", encode_png(torch.rand(1, 3, 16, 16))[:100])
    for name in ("MODEL", "ARCHIVE_INVENTORY", "ARCHIVE_SOURCE_PROFILE"):
        monkeypatch.delenv(f"ALBUMEN_{name}", raising=False)
    monkeypatch.setenv("ALBUMEN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ALBUMEN_ARCHIVE_SOURCE", storage.location)
    monkeypatch.setenv("ALBUMEN_ARCHIVE_TARGET", str(tmp_path / "results"))
    return storage


@pytest.fixture
def restore(source: FolderStorage, tmp_path: Path) -> Callable[..., list[LedgerRow]]:
    """Restores all shards, new ones too."""
    target = FolderStorage(tmp_path / "results")

    def run(rules: ReviewRules = LENIENT) -> list[LedgerRow]:
        manifest = take_snapshot(source, target, collection_name(source.location), ARCHIVE_SHARD)
        craft = Craft(lighter, RELEASE, "standard", decode_here, rules, {})
        shards = (manifest.shard(each) for each in manifest.shard_ids)
        return [row for shard in shards for row in restore_shard(shard, source, target, craft, Pace(2, 10**6)).rows]

    return run


def num_shards(tmp_path: Path, source: FolderStorage) -> int:
    manifest = read_manifest(FolderStorage(tmp_path / "results"), collection_name(source.location))
    return 0 if manifest is None else len(manifest.shard_ids)


def test_a_refused_photo_gets_another_try_as_a_new_shard_and_its_old_row_stays(
    source: FolderStorage, restore: Callable[..., list[LedgerRow]], tmp_path: Path
) -> None:
    assert [row.reason for row in restore()] == [None, None, "truncated"]
    result = albumen("retry", "truncated")
    assert result.exit_code == 0
    assert "1 photos are to be tried again, 2 shards in all" in result.output
    rows = restore()
    assert [(row.key, row.reason) for row in rows[2:]] == [("torn.png", "truncated")] * 2


def test_who_waits_for_another_try_is_not_asked_for_twice(
    source: FolderStorage, restore: Callable[..., list[LedgerRow]], tmp_path: Path
) -> None:
    restore()
    albumen("retry", "truncated")
    again = albumen("retry", "truncated")
    assert "no photo stands refused for 'truncated'" in again.output
    assert num_shards(tmp_path, source) == 2


def test_a_reason_that_nobody_was_refused_for_is_answered_with_those_there_are(
    source: FolderStorage, restore: Callable[..., list[LedgerRow]], tmp_path: Path
) -> None:
    restore()
    assert "['truncated']" in albumen("retry", "denied").output
    assert num_shards(tmp_path, source) == 1


@pytest.mark.usefixtures("source")
def test_without_a_manifest_retry_and_seal_say_what_comes_first() -> None:
    for command in (("retry", "denied"), ("seal",)):
        result = albumen(*command)
        assert result.exit_code == 1
        assert "materialize archive_manifest first" in result.output
        assert "Traceback" not in result.output


@pytest.mark.usefixtures("source")
def test_a_finished_collection_is_sealed_and_said_to_be_valid(
    restore: Callable[..., list[LedgerRow]], tmp_path: Path
) -> None:
    restore()
    result = albumen("seal", "--out", str(tmp_path / "bags"))
    assert result.exit_code == 0, result.output
    assert "2 photos, 7 files" in result.output
    assert result.output.rstrip().endswith("valid")
    (folder,) = (tmp_path / "bags").iterdir()
    assert (folder / "manifest-sha256.txt").is_file()


@pytest.mark.usefixtures("source")
def test_an_unfinished_collection_is_not_sealed_and_says_what_is_missing(
    restore: Callable[..., list[LedgerRow]], tmp_path: Path
) -> None:
    rows = restore(ReviewRules(mean_change=0.01))
    result = albumen("seal")
    assert result.exit_code == 1
    assert "2 wait for a person (albumen review)" in result.output
    for row in rows[:2]:
        decide(FolderStorage(tmp_path / "results"), RELEASE, row, "accepted", "ann")
    assert albumen("seal").exit_code == 0
    assert list((tmp_path / "home/bags").iterdir())


def test_a_store_that_is_not_there_is_said_in_one_sentence(
    source: FolderStorage, restore: Callable[..., list[LedgerRow]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    restore()
    monkeypatch.setenv("ALBUMEN_ARCHIVE_TARGET", str(tmp_path / "elsewhere"))
    for command in (("retry", "denied"), ("seal",), ("review",)):
        monkeypatch.setenv("ALBUMEN_ARCHIVE_SOURCE", "ftp://there" if command == ("review",) else source.location)
        result = albumen(*command)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")


@pytest.mark.usefixtures("source")
def test_one_changed_file_is_told_by_verify(restore: Callable[..., list[LedgerRow]], tmp_path: Path) -> None:
    row = restore()[0]
    whole = albumen("verify")
    assert (whole.exit_code, whole.output) == (0, "7 files of 3 photos read, 0 not as they should be\n")
    FolderStorage(tmp_path / "results").write_replace(row.output_key or "", b"other")
    changed = albumen("verify")
    assert changed.exit_code == 1
    assert f"{row.output_key} changed" in changed.output


def test_a_collection_is_restored_where_nothing_was_ever_trained(source: FolderStorage, tmp_path: Path) -> None:
    """In a process of its own: a process reads the settings of its assets once, when it first imports them."""
    command = [sys.executable, "-c", "from pipelines.command_line import main; main()", "archive"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(FolderStorage(tmp_path / "results").list("restored/"))) == 2
