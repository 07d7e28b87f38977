from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.face import FaceGenerator, FaceGeneratorConfig, FaceNorm, Start
from models.face_finder import FaceFinder
from ops.faces.restorer import FaceRestorer
from ops.faces.settings import FaceSettings

GENERATOR = FaceGeneratorConfig(
    16, ((4,), (4,), (4,)), 4, (16, 32, 64), Start.FACE, 0, FaceNorm.PIXEL, is_spectral=False, has_pixel_shortcut=True
)


def test_an_untrained_generator_leaves_the_photo_as_it_is(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings
) -> None:
    restorer = FaceRestorer(finder, FaceGenerator(GENERATOR), settings)
    result = restorer(portrait)
    assert len(result.records) == 1
    assert torch.equal(result.restored, portrait)


def test_the_strength_given_goes_before_that_of_the_release(finder: FaceFinder, settings: FaceSettings) -> None:
    restorer = FaceRestorer(finder, FaceGenerator(GENERATOR), settings, strength=0.0)
    photo = torch.rand(1, 3, 40, 40)
    assert restorer.recipe == "face_strength=0"
    assert restorer(photo).restored is photo


def test_settings_for_another_canvas_are_refused(finder: FaceFinder, settings: FaceSettings) -> None:
    with pytest.raises(ValueError, match="from one recipe"):
        FaceRestorer(finder, FaceGenerator(GENERATOR), replace(settings, canvas_px=128))
