"""The face finder with its real weights, and photos with faces whose place is known."""

import pytest
import skimage.data
import torch
from torch import Tensor

from models.face_finder import FaceFinder
from ops.faces.find import Search
from ops.faces.finder_weights import FaceFinderUnavailableError, face_finder
from ops.faces.settings import FaceSettings


@pytest.fixture(scope="session")
def finder(tmp_path_factory: pytest.TempPathFactory) -> FaceFinder:
    try:
        return face_finder(tmp_path_factory.mktemp("finder"), print)
    except FaceFinderUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def portrait() -> Tensor:
    """An astronaut at 256 x 256, her face near (112, 56)."""
    pixels = torch.from_numpy(skimage.data.astronaut()).permute(2, 0, 1)[None] / 255
    return torch.nn.functional.avg_pool2d(pixels, 2)


@pytest.fixture
def settings() -> FaceSettings:
    return FaceSettings(
        search=Search(longest_px=512, turns=(0.0,)),
        canvas_px=64,
        batch_size=4,
        strength=1.0,
        min_eye_distance_px=10,
        max_outside=0.15,
        max_misfit=0.25,
        min_second_score=0.95,
        max_shift=0.06,
        max_structure_distance=0.08,
        min_change=0.0,
    )
