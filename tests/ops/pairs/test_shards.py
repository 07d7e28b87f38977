from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.degradation.degrade import degrade
from ops.degradation.recipe import PAPER_DEGRADATION, STANDARD_DEGRADATION
from ops.pairs.sets import PairSet
from ops.pairs.shards import (
    ShardRefusedError,
    StoredPair,
    read_pairs,
    read_row_group,
    remake_pair,
    row_groups,
    write_shard,
)

VERSION = STANDARD_DEGRADATION.version


def stored_pairs(count: int) -> list[StoredPair]:
    made = []
    for number in range(count):
        generator = torch.Generator().manual_seed(number)
        source = torch.rand(1, 3, 32, 32, generator=generator).mul(255).round() / 255
        pair = degrade(source, STANDARD_DEGRADATION, generator)
        made.append(StoredPair(f"train-{number:05d}", "a photo", "5ha", number, source, pair))
    return made


@pytest.fixture
def pairs(tmp_path: Path) -> PairSet:
    write_shard(tmp_path / "train-00000.parquet", stored_pairs(11), VERSION)
    return PairSet(tmp_path, VERSION, 11, 0, 0, 0, 32, 0.0, "")


def shard(pairs: PairSet) -> Path:
    return pairs.folder / "train-00000.parquet"


def test_every_pair_can_be_made_again_from_its_row_alone(pairs: PairSet) -> None:
    stored = list(read_pairs(pairs, "train"))
    assert len(stored) == 11
    assert any(row.pair.class_masks for row in stored)
    for row in stored:
        again = remake_pair(row, STANDARD_DEGRADATION)
        assert torch.equal(again.degraded, row.pair.degraded)
        assert torch.equal(again.clean, row.pair.clean)
        assert torch.equal(again.mask, row.pair.mask)
        assert list(again.class_masks) == list(row.pair.class_masks)
        assert all(torch.equal(again.class_masks[name], mask) for name, mask in row.pair.class_masks.items())


def test_a_row_keeps_photo_checksum_and_seed(pairs: PairSet) -> None:
    rows = [(row.name, row.photo, row.photo_sha256, row.seed) for row in read_pairs(pairs, "train")]
    assert rows[10] == ("train-00010", "a photo", "5ha", 10)


def test_rows_are_read_a_few_at_a_time(pairs: PairSet) -> None:
    assert [group.num_rows for group in row_groups(pairs, "train")] == [8, 3]


def test_nothing_but_the_shard_is_left_behind_even_by_a_writer_that_fails(pairs: PairSet) -> None:
    before = shard(pairs).read_bytes()

    def failing() -> object:
        yield from stored_pairs(9)
        raise ValueError("the power fails")

    with pytest.raises(ValueError, match="the power fails"):
        write_shard(shard(pairs), failing(), VERSION)  # type: ignore[arg-type]
    assert [path.name for path in pairs.folder.iterdir()] == ["train-00000.parquet"]
    assert shard(pairs).read_bytes() == before


def test_one_flipped_bit_is_found_and_named_with_its_cure(pairs: PairSet) -> None:
    data = bytearray(shard(pairs).read_bytes())
    data[len(data) // 3] ^= 1
    shard(pairs).write_bytes(data)
    with pytest.raises(ShardRefusedError, match=r"train-00000\.parquet is not as it was written .*delete it") as caught:
        list(read_pairs(pairs, "train"))
    assert "materialize degraded_pairs again" in str(caught.value)


def test_a_shard_cut_short_is_refused(pairs: PairSet) -> None:
    shard(pairs).write_bytes(shard(pairs).read_bytes()[:-100])
    with pytest.raises(ShardRefusedError, match="is not as it was written"):
        row_groups(pairs, "train")


def test_a_shard_of_another_recipe_is_refused_with_both_versions(pairs: PairSet) -> None:
    with pytest.raises(ShardRefusedError, match=f"was made by recipe {VERSION}, its set of pairs by standard-99"):
        list(read_pairs(replace(pairs, recipe_version="standard-99"), "train"))


def test_a_row_of_another_recipe_than_its_shard_is_refused(pairs: PairSet) -> None:
    write_shard(shard(pairs), stored_pairs(2), "standard-99")
    with pytest.raises(ShardRefusedError, match=f"was made by recipe {VERSION}, its set of pairs by standard-99"):
        read_row_group(row_groups(replace(pairs, recipe_version="standard-99"), "train")[0], ["name"])


def test_a_shard_of_another_format_is_refused(pairs: PairSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.pairs.shards.FORMAT", 99)
    with pytest.raises(ShardRefusedError, match=r"is a shard of format \d, this release reads format 99"):
        row_groups(pairs, "train")


def test_a_plan_that_this_release_does_not_know_is_refused_by_the_name_of_its_recipe(
    pairs: PairSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.pairs.shards.plan_to_json", lambda plan: '{"fog": 1}')
    write_shard(shard(pairs), stored_pairs(1), VERSION)
    with pytest.raises(ShardRefusedError, match=f"train-00000: this release cannot read the plan of recipe {VERSION}"):
        list(read_pairs(pairs, "train"))


def test_a_pair_of_another_recipe_is_not_made_again(pairs: PairSet) -> None:
    stored = next(read_pairs(pairs, "train"))
    with pytest.raises(ShardRefusedError, match=f"made by recipe {VERSION}, this release has paper-"):
        remake_pair(stored, PAPER_DEGRADATION)
