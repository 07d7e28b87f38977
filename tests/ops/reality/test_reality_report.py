"""The report writes its page and plots, and says so when there is nothing to compare."""

from pathlib import Path

import pytest
import torch

from ops.corpora.records import Corpus, CorpusPhoto
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.images import encode_png
from ops.reality.crops import Sampling, mask_table, photo_table, synthetic_mask_table
from ops.reality.report import report_reality

SAMPLING = Sampling(longest_px=96, crop_px=64, crops_per_photo=2, num_photos=6, seed=1)


def corpus(folder: Path, name: str, count: int, side_px: int = 96) -> Corpus:
    """Blotches of colour, a different one in each photo."""
    photos = []
    for number in range(count):
        generator = torch.Generator().manual_seed(number + 100 * len(name))
        coarse = torch.rand(1, 3, 9, 9, generator=generator)
        path = folder / f"{name}{number}.png"
        path.write_bytes(
            encode_png(torch.nn.functional.interpolate(coarse, (side_px, side_px), mode="bicubic").clamp(0, 1))
        )
        photos.append(CorpusPhoto(path.stem, path, f"{number:064x}", side_px, side_px, "train", "made here", "CC0"))
    return Corpus(name, tuple(photos))


def test_a_report_is_written_with_its_plots(tmp_path: Path) -> None:
    old, clean = corpus(tmp_path, "old", 6), corpus(tmp_path, "clean", 6)
    report = report_reality(old, clean, STANDARD_DEGRADATION, tmp_path / "one", SAMPLING)
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"reality.md", *report.plots}
    assert all(f"({name})" in report.text for name in report.plots)
    assert set(report.facts) == {f"distance, {STANDARD_DEGRADATION.version}", f"AUC, {STANDARD_DEGRADATION.version}"}
    assert report.pictures.count("data:image/jpeg") == len(report.plots)


def test_without_old_photos_the_page_says_how_to_name_some(tmp_path: Path) -> None:
    report = report_reality(Corpus("old", ()), corpus(tmp_path, "clean", 2), STANDARD_DEGRADATION, tmp_path, SAMPLING)
    assert report.facts == {}
    assert "ALBUMEN_OLD_PHOTOS" in (tmp_path / "reality.md").read_text()


def test_few_old_photos_are_compared_but_not_judged(tmp_path: Path) -> None:
    old, clean = corpus(tmp_path, "old", 2), corpus(tmp_path, "clean", 6)
    report = report_reality(old, clean, STANDARD_DEGRADATION, tmp_path, SAMPLING)
    assert "Fewer than five" in report.text
    assert set(report.facts) == {f"distance, {STANDARD_DEGRADATION.version}"}


def test_photos_smaller_than_a_crop_are_left_out(tmp_path: Path) -> None:
    paths = [photo.path for photo in corpus(tmp_path, "small", 2, side_px=48).photos]
    assert photo_table(paths, SAMPLING).empty


def test_masks_without_a_defect_do_not_count(tmp_path: Path) -> None:
    paths = [photo.path for photo in corpus(tmp_path, "clean", 6).photos]
    table = synthetic_mask_table(paths, STANDARD_DEGRADATION, SAMPLING)
    assert (table["defects"] > 0).all()
    assert 0 < len(table) <= 12


def test_real_masks_are_shrunk_and_cropped_as_photos_are() -> None:
    mask = torch.zeros(1, 1, 192, 192)
    mask[..., ::24, :] = mask[..., 1::24, :] = 1  # lines of 2 px, of 1 px at half the size
    table = mask_table({"lines": mask, "empty": torch.zeros(1, 1, 192, 192)}, SAMPLING)
    assert set(table.index) == {"lines"}
    assert (table["line thickness"] == 1).all()
    assert table["coverage"].mean() == pytest.approx(1 / 12, rel=0.2)
