from pathlib import Path

from ops.corpora.records import Corpus
from ops.datasheet import write_datasheet
from ops.images import decode_rgb
from ops.pair_shards import build_pair_set
from tests.ops.test_pair_shards import NO_TEXTURES, RECIPE, corpus, silent


def test_the_datasheet_counts_every_pair_once_for_its_damaged_share(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    text = write_datasheet(pairs, photos, NO_TEXTURES).text
    table = text.split("## Damaged share")[1]
    counts = [int(line.split("|")[2]) for line in table.splitlines() if line.startswith("| 0")]
    assert sum(counts) == RECIPE.train_pairs + RECIPE.held_out_pairs


def test_the_datasheet_names_recipe_sources_licences_and_refusals(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    text = write_datasheet(pairs, photos, Corpus("textures", ())).text
    assert f"recipe {RECIPE.degradation.version}" in text
    assert "| test | CC0 | train | 2 |" in text


def test_its_pictures_lie_beside_the_shards(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    write_datasheet(pairs, photos, NO_TEXTURES)
    for name in ("pairs.png", "numbers.png"):
        assert decode_rgb((pairs.folder / name).read_bytes()).shape[1] == 3
