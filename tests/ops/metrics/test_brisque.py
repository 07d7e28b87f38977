"""BRISQUE's features against those of another implementation, its sum against a library, its order against eyes."""

import numpy as np
import pytest
import torch
from skimage import data
from sklearn.metrics.pairwise import rbf_kernel
from torch import Tensor

from ops.metrics import brisque as module
from ops.metrics.brisque import brisque, scene_features

CAMERA = [
    1.5868, 0.2830, 0.5586, -0.0095, 0.1180, 0.1069, 0.5580, 0.0181, 0.0994, 0.1201, 0.5563, -0.0469, 0.1377, 0.0840,
    0.5547, -0.0487, 0.1385, 0.0827, 1.538, 0.311, 0.568, -0.016, 0.147, 0.126, 0.554, -0.026, 0.159, 0.125, 0.562,
    -0.038, 0.156, 0.108, 0.560, -0.052, 0.166, 0.101,
]  # fmt: skip
CAMERA_SCORE = -7.879


def photo(name: str) -> Tensor:
    levels = getattr(data, name)()
    rgb = levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)
    return torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255


def test_the_features_and_the_score_agree_with_the_package_brisque() -> None:
    """Literals: calculate_brisque_features(g, 7, 7 / 6) of brisque 0.2.0 on g = camera / 255, then on
    cv2.resize(g, None, fx=1/2, fy=1/2, interpolation=cv2.INTER_CUBIC); the score from its svm.txt.

    It solves for shapes where a table is searched here, and leaves out the pixels that have no neighbour.
    """
    assert scene_features(photo("camera")) == pytest.approx(CAMERA, rel=0.02, abs=0.003)
    assert brisque(photo("camera")) == pytest.approx(CAMERA_SCORE, abs=2)


def test_the_score_is_the_sum_over_the_support_vectors() -> None:
    model, features = module._opinions(), scene_features(photo("chelsea"))
    scaled = np.interp(features, (0, 1), (0, 1)) * 0
    for index, (low, high) in enumerate(zip(model["lowest"], model["highest"], strict=True)):
        scaled[index] = (features[index] - low) / (high - low) * 2 - 1
    kernel = rbf_kernel(scaled[None], model["vectors"], gamma=float(model["gamma"]))
    assert brisque(photo("chelsea")) == pytest.approx(float((kernel @ model["weights"])[0] - model["rho"]))


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_noise_and_blur_score_far_worse_than_the_photo(name: str) -> None:
    clean = photo(name)[..., :240, :384]
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    blurred = torch.nn.functional.avg_pool2d(clean, 5, stride=1, padding=2)
    assert brisque(clean) + 25 < min(brisque(noisy), brisque(blurred))


def test_small_and_flat_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="96 px each way, the photo is 300 x 95"):
        brisque(torch.rand(1, 3, 95, 300))
    with pytest.raises(ValueError, match="flat"):
        brisque(torch.zeros(1, 3, 200, 200))
