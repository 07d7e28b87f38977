from dataclasses import replace
from pathlib import Path

import pytest

from ops.corpora.records import Corpus, Refusal
from ops.datasheet import MAX_SHEET_BYTES, write_datasheet
from ops.images import decode_rgb
from ops.pairs.building import build_pair_set
from tests.ops.pairs.test_building import NO_TEXTURES, RECIPE, corpus, silent


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("datasheet")
    refused = tuple(Refusal(f"{number}.jpg", "truncated", "cut short") for number in range(3))
    photos = replace(corpus(tmp_path), refused=refused)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    pairs = replace(pairs, num_too_small=4)
    textures = Corpus("textures", (), (Refusal("a.svg", "unsupported-format"),))
    write_datasheet(pairs, photos, textures, tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def datasheet(results: Path) -> str:
    return (results / "datasheet.md").read_text()


def column_sums(text: str, section: str) -> list[int]:
    table = text.split(f"## {section}\n\n")[1].split("\n\n", maxsplit=1)[0].splitlines()[2:]
    rows = [[int(cell) for cell in line.strip("| ").split(" | ")[1:]] for line in table]
    return [sum(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("section", ["Damages in a pair", "Mask coverage"])
def test_every_pair_is_counted_once_in_its_split(datasheet: str, section: str) -> None:
    assert column_sums(datasheet, section) == [RECIPE.train_pairs, RECIPE.validation_pairs, RECIPE.held_out_pairs]


def test_it_names_recipe_sources_and_licences(datasheet: str) -> None:
    assert f"recipe {RECIPE.degradation.version}" in datasheet
    assert "| test | CC0 | train | 2 |" in datasheet
    assert "| test | CC0 | validation | 1 |" in datasheet


def test_it_counts_refused_files_by_reason_and_photos_too_small_for_a_pair(datasheet: str) -> None:
    assert "| truncated | 3 | 0.jpg |" in datasheet
    assert "| unsupported-format | 1 | a.svg |" in datasheet
    assert "| smaller than a pair, 32 px | 4 | |" in datasheet


def test_its_pictures_lie_beside_it_and_are_small(datasheet: str, results: Path) -> None:
    for name in ("datasheet-pairs.jpg", "datasheet-numbers.png"):
        assert f"]({name})" in datasheet
        data = (results / name).read_bytes()
        assert len(data) <= MAX_SHEET_BYTES
        assert decode_rgb(data).shape[1] == 3
