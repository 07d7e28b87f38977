from pathlib import Path

import pyarrow.parquet as pq
import torch

from ops.corpora.folders import folder_corpus
from ops.images import encode_png
from training_sets.wallpapers import WALLPAPERS, shrunk, write_clean_photos


def test_large_photos_are_halved_until_compression_does_not_show() -> None:
    sides = {1500: 1500, 1600: 800, 3000: 1500, 5120: 1280}
    assert {longest: shrunk(torch.zeros(1, 3, 8, longest)).shape[-1] for longest in sides} == sides


def test_every_wallpaper_is_for_training_and_says_its_licence(tmp_path: Path) -> None:
    roots = {}
    for number, one in enumerate(WALLPAPERS):
        roots[one.package] = tmp_path / one.package
        for place, file in enumerate(one.files):
            path = tmp_path / one.package / "usr/share" / one.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(torch.full((1, 3, 300, 300), (12 * number + place) / 255)))
    (tmp_path / "made").mkdir()
    count = sum(len(one.files) for one in WALLPAPERS)
    assert write_clean_photos(tmp_path / "made/clean.parquet", (), roots) == {"train": count}
    assert set(pq.read_table(tmp_path / "made/clean.parquet")["licence"].to_pylist()) >= {"LGPL-2.1+", "GPL-2+"}
    corpus = folder_corpus(str(tmp_path / "made"), "clean", "ALBUMEN_CLEAN_PHOTOS", tmp_path / "cache", print)
    assert len(corpus.photos) == count
