"""Photos without truth: what is left of defects, what was changed, what a method does to photos that need nothing."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ops.corpora.records import CorpusPhoto
from ops.images import encode_png
from ops.preference.studies import newest_study
from ops.scores.evaluation import INPUT, EvaluationPair
from ops.scores.old_photo_report import report_old_photos
from ops.scores.old_photos import identity_scores, open_old_photos, score_old_photos


def white_is_damage(photo: Tensor) -> Tensor:
    return (photo.mean(dim=1, keepdim=True) > 0.95).float()


def half_cured(degraded: Tensor, mask: Tensor | None) -> Tensor:
    assert mask is not None
    mask = mask.clone()
    mask[..., :8] = 0  # the left half of the damage is overlooked
    return torch.lerp(degraded, torch.full_like(degraded, 0.5), mask)


def failing(degraded: Tensor, mask: Tensor | None) -> Tensor:
    raise RuntimeError("out of memory")


def unchanged(degraded: Tensor, mask: Tensor | None) -> Tensor:
    return degraded


def scratched(tmp_path: Path, name: str = "a.png", size: int = 16) -> CorpusPhoto:
    old = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 0.5
    old[..., 4:6, :] = 1.0
    (tmp_path / name).write_bytes(encode_png(old))
    return CorpusPhoto(name, tmp_path / name, "", size, size, "train", "mine", "mine")


def test_defects_left_are_the_share_that_is_still_found(tmp_path: Path) -> None:
    photos = open_old_photos([scratched(tmp_path)], white_is_damage)
    methods = {"half": half_cured, "failing": failing}
    table = score_old_photos(methods, photos, white_is_damage).table.set_index("method")
    assert table.loc["half", "defects_left"] == pytest.approx(0.5)
    assert table.loc[INPUT, "defects_left"] == 1
    assert table.loc["failing", "error"] == "RuntimeError: out of memory"
    assert table.loc[INPUT, "change_db"] == 100
    assert table.loc["half", "change_db"] < 30


def test_large_scans_are_shrunk_and_keep_their_proportions(tmp_path: Path) -> None:
    wide = torch.rand(1, 3, 100, 1024)
    (tmp_path / "wide.png").write_bytes(encode_png(wide))
    photo = CorpusPhoto("wide", tmp_path / "wide.png", "", 1024, 100, "train", "mine", "mine")
    [opened] = open_old_photos([photo], white_is_damage)
    assert opened.degraded.shape == (1, 3, 50, 512)


def test_the_identity_test_gives_clean_photos_and_no_mask() -> None:
    clean = torch.rand(1, 3, 16, 16)
    pairs = [EvaluationPair("a", clean, torch.zeros_like(clean), torch.ones(1, 1, 16, 16))]
    scores = identity_scores({"unchanged": unchanged, "half": half_cured}, pairs)
    assert scores.to_dict() == {"unchanged": 100, "half": 100}


def test_the_report_has_tables_a_sheet_and_a_study(tmp_path: Path) -> None:
    clean = [EvaluationPair("c", torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), None)]
    photos = [scratched(tmp_path, "a.png"), scratched(tmp_path, "b.png", 24)]
    methods = {"half": half_cured, "none": unchanged}
    out, studies = tmp_path / "out", tmp_path / "studies"
    report = report_old_photos(photos, methods, clean, white_is_damage, out, studies, lambda line: None)
    text = (out / "old_photos.md").read_text()
    assert "| none | 2 | not available | not available | 100% | 100.0 |" in text
    assert "Identity test" in text
    assert (out / "before_after.png").is_file()
    assert report.num_photos == 2
    assert newest_study(studies).methods == ("half", "none")


def test_no_old_photos_leave_a_page_that_says_so(tmp_path: Path) -> None:
    report = report_old_photos([], {}, [], white_is_damage, tmp_path, tmp_path, lambda line: None)
    assert "Set ALBUMEN_OLD_PHOTOS" in (tmp_path / "old_photos.md").read_text()
    assert report.num_photos == 0
