from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ops.degradation.degrade import apply_plan, draw_plan
from ops.degradation.fields import distorted, paper_texture
from ops.degradation.plan import plan_from_json, plan_to_json
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.degradation.texture_scans import read_texture_scans
from ops.images import PhotoError, decode_photo, encode_png


def folder_of_scans(folder: Path) -> Path:
    scratch = torch.zeros(1, 1, 40, 60)
    scratch[..., 18:22, :] = 1
    for group, pixels in (("scratches", scratch), ("paper", 0.8 + 0.1 * torch.rand(1, 1, 20, 30))):
        (folder / group).mkdir()
        (folder / group / "one.png").write_bytes(encode_png(pixels))
    return folder


def test_the_first_folder_is_the_group(tmp_path: Path) -> None:
    scans = read_texture_scans(folder_of_scans(tmp_path))
    assert [(scan.name, scan.group) for scan in scans] == [
        ("paper/one.png", "paper"),
        ("scratches/one.png", "scratches"),
    ]


def test_a_plan_carries_its_scans_so_that_the_folder_may_go(tmp_path: Path) -> None:
    scans = read_texture_scans(folder_of_scans(tmp_path))
    often = replace(STANDARD_DEGRADATION.defects.textures, weight=5.0)
    defects = replace(STANDARD_DEGRADATION.defects, probability=1.0, count=(6, 6), textures=often)
    recipe = replace(STANDARD_DEGRADATION, undamaged_share=0.0, defects=defects)
    clean = torch.rand(1, 3, 64, 64)
    plan = draw_plan(recipe, 64, 64, torch.Generator().manual_seed(3), scans)
    kept = plan_from_json(plan_to_json(plan))
    assert kept == plan
    pair = apply_plan(clean, kept)
    assert pair.class_masks["texture"].any()
    assert torch.equal(pair.degraded, apply_plan(clean, plan).degraded)


def test_an_unreadable_scan_is_refused_before_any_pair_is_made(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(PhotoError):
        read_texture_scans(tmp_path)


def test_a_folder_without_scans_says_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no PNG or SVG file"):
        read_texture_scans(tmp_path)


def test_paper_is_about_as_bright_as_its_colour_and_not_flat() -> None:

    paper = paper_texture(80, 90, np.random.default_rng(1))
    assert paper.mean() == pytest.approx(1, abs=0.05)
    assert 0.01 < paper.std() < 0.15
    assert np.array_equal(distorted(paper, 0, 10, np.random.default_rng(2)), paper)


def test_a_drawing_becomes_a_scan_whose_alpha_is_what_was_drawn(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    line = '<rect x="0" y="8" width="40" height="4" fill="white"/>'
    (tmp_path / "line.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">{line}</svg>', encoding="utf-8"
    )
    (scan,) = read_texture_scans(tmp_path)
    alpha = decode_photo(scan.png).alpha
    assert alpha is not None
    assert alpha.mean() == pytest.approx(0.2, abs=0.01)


def test_an_unreadable_drawing_is_refused_by_name_with_the_cure(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    (tmp_path / "broken.svg").write_text("no drawing", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken.svg is no readable SVG .*; mend it, or save it as PNG"):
        read_texture_scans(tmp_path)
