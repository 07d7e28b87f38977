"""NIQE against numbers of another implementation, and in the order that eyes give."""

import pytest
import torch
from skimage import data
from torch import Tensor

from ops.metrics.niqe import niqe


def photo(name: str) -> Tensor:
    return torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize(("name", "expected"), [("coffee", 4.115328700527464), ("chelsea", 2.625524312789527)])
def test_it_agrees_with_basicsr(name: str, expected: float) -> None:
    """Literals: basicsr.metrics.niqe.niqe of BasicSR 1.4.2 on round(65.481 R + 128.553 G + 24.966 B + 16), R in [0, 1].

    On photos with black or burnt-out blocks the second digit depends on rounding noise in both.
    """
    assert niqe(photo(name)) == pytest.approx(expected, abs=1e-5)


def test_noise_and_blur_are_less_natural() -> None:
    clean = photo("chelsea")[..., :192, :384]
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    blurred = torch.nn.functional.avg_pool2d(clean, 5, stride=1, padding=2)
    assert niqe(clean) + 1 < min(niqe(noisy), niqe(blurred))


def test_small_and_flat_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="192 px each way, the photo is 300 x 191"):
        niqe(torch.rand(1, 3, 191, 300))
    with pytest.raises(ValueError, match="flat"):
        niqe(torch.full((1, 3, 200, 200), 0.5))
