from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.pairs.windows import FreshWindows, WindowShares, varied_colours
from ops.parts import Part
from tests.ops.pairs.test_building import corpus

SHARES = WindowShares(clean=0.05, larger=0.5, varied=0.7)


def test_a_batch_depends_on_its_step_alone_and_can_be_shared(tmp_path: Path) -> None:
    windows = FreshWindows(corpus(tmp_path).train, (), STANDARD_DEGRADATION, SHARES, seed=3)
    late, early = windows.batch(7, 4, 16), windows.batch(6, 4, 16)
    assert late.clean.shape == late.degraded.shape == (4, 3, 16, 16)
    assert torch.equal(late.degraded, windows.batch(7, 4, 16).degraded)
    assert not torch.equal(late.clean, early.clean)
    part = Part(1, 2)
    assert torch.equal(windows.batch(7, 4, 16, part).degraded, part.of(late.degraded))


def test_windows_left_undamaged_are_clean(tmp_path: Path) -> None:
    shares = replace(SHARES, clean=1.0)
    batch = FreshWindows(corpus(tmp_path).train, (), STANDARD_DEGRADATION, shares, seed=3).batch(0, 6, 16)
    assert torch.equal(batch.degraded, batch.clean)
    assert not batch.mask.any()


def test_larger_windows_show_more_of_a_photo(tmp_path: Path) -> None:
    recipe = replace(STANDARD_DEGRADATION, prints=replace(STANDARD_DEGRADATION.prints, probability=0.0))
    contrasts = []
    for larger in (0.0, 1.0):
        shares = WindowShares(clean=1.0, larger=larger, varied=0.0)
        batch = FreshWindows(corpus(tmp_path).train, (), recipe, shares, seed=3).batch(0, 24, 16)
        contrasts.append(float(batch.clean.diff(dim=-1).abs().mean()))
    assert contrasts[1] < 0.7 * contrasts[0]  # the photos are noise, of which shrinking takes the mean


def test_varied_colours_are_those_of_a_photo() -> None:
    photo = np.random.default_rng(0).random((8, 8, 3), dtype=np.float32)
    varied = [varied_colours(photo, np.random.default_rng(seed)) for seed in range(12)]
    assert all(one.dtype == np.float32 and 0 <= one.min() <= one.max() <= 1 for one in varied)
    assert len({one.tobytes() for one in varied}) > 6


def test_no_photo_is_too_small_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none of .* clean photos has sides of 4000 px"):
        FreshWindows(corpus(tmp_path).train, (), STANDARD_DEGRADATION, SHARES, seed=3).batch(0, 2, 4000)
