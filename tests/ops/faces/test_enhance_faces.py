from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.face_finder import FaceFinder
from ops import large_tensors
from ops.faces import enhance
from ops.faces.align import align, alignment
from ops.faces.blend import change_of, size_of
from ops.faces.enhance import EnhancedFaces, enhance_faces
from ops.faces.find import find_faces
from ops.faces.records import Outcome
from ops.faces.settings import FaceSettings


class Enhancers:
    """Faces to faces; ``sizes`` remembers how many came at once."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain
        self.sizes: list[int] = []

    def __call__(self, faces: Tensor) -> Tensor:
        self.sizes.append(len(faces))
        blurred = F.avg_pool2d(F.pad(faces, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        return (blurred + self.gain * (faces - blurred)).clamp(0, 1)


def someone_else(faces: Tensor) -> Tensor:
    return faces.flip(-2)


def size_of_change(photo: Tensor, finder: FaceFinder, settings: FaceSettings) -> float:
    """What ``Enhancers`` of gain 2.5 do to the one face of ``photo``."""
    (face,) = find_faces(finder, photo, settings.search)
    canvas = align(photo, alignment(face.landmarks, settings.canvas_px), settings.canvas_px)
    return size_of(change_of(canvas, Enhancers(gain=2.5)(canvas)))


def outcomes(result: EnhancedFaces) -> list[str]:
    return [record.outcome for record in result.records]


def test_a_photo_without_a_face_is_the_same_photo(finder: FaceFinder, settings: FaceSettings) -> None:
    photo = torch.rand(1, 3, 100, 80)
    result = enhance_faces(photo, finder, Enhancers(), settings)
    assert result.restored is photo
    assert result.records == ()


def test_an_enhancer_that_changes_nothing_changes_nothing(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings
) -> None:
    result = enhance_faces(portrait, finder, lambda faces: faces, settings)
    assert outcomes(result) == [Outcome.ENHANCED]
    assert torch.equal(result.restored, portrait)


def test_a_sharper_face_is_laid_back_and_the_rest_stays(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings
) -> None:
    result = enhance_faces(portrait, finder, Enhancers(gain=2.5), settings)
    assert outcomes(result) == [Outcome.ENHANCED]
    change = (result.restored - portrait).abs().amax(dim=1)[0]
    assert change[40:80, 95:130].max() > 0.02
    assert change[150:].max() == 0
    assert change[:, :40].max() == 0


def test_another_face_is_refused_and_the_record_says_so(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings
) -> None:
    result = enhance_faces(portrait, finder, someone_else, settings)
    assert outcomes(result) == [Outcome.CHANGED]
    assert torch.equal(result.restored, portrait)
    shift = result.records[0].landmark_shift
    assert shift is not None
    assert shift > settings.max_shift


def test_a_face_that_hardly_changes_is_left_to_the_last_bit(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings
) -> None:
    change = size_of_change(portrait, finder, settings)
    for least, outcome in ((1.1 * change, Outcome.WHOLE), (0.9 * change, Outcome.ENHANCED)):
        result = enhance_faces(portrait, finder, Enhancers(gain=2.5), replace(settings, min_change=least))
        assert outcomes(result) == [outcome]
        assert torch.equal(result.restored, portrait) == (outcome is Outcome.WHOLE)


def test_a_broken_enhancer_never_reaches_the_photo(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings
) -> None:
    result = enhance_faces(portrait, finder, lambda faces: faces * float("nan"), settings)
    assert outcomes(result) == [Outcome.CHANGED]
    assert result.records[0].structure_distance is None
    assert torch.equal(result.restored, portrait)


def test_a_large_photo_is_enhanced_in_a_file_as_a_small_one_in_memory(
    finder: FaceFinder, portrait: Tensor, settings: FaceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = enhance_faces(portrait, finder, Enhancers(gain=2.5), settings)
    monkeypatch.setattr(large_tensors, "zeros", partial(large_tensors.zeros, limit_bytes=1000))
    before = portrait.clone()
    assert torch.equal(enhance_faces(portrait, finder, Enhancers(gain=2.5), settings).restored, small.restored)
    assert torch.equal(portrait, before)


def test_strength_zero_asks_nobody(finder: FaceFinder, portrait: Tensor, settings: FaceSettings) -> None:
    enhancer = Enhancers()
    result = enhance_faces(portrait, finder, enhancer, replace(settings, strength=0.0))
    assert result.restored is portrait
    assert enhancer.sizes == []


def test_a_face_cut_by_the_border_is_left(finder: FaceFinder, portrait: Tensor, settings: FaceSettings) -> None:
    cut = portrait[..., 108:].contiguous()  # through her nose
    found = find_faces(finder, cut, replace(settings.search, thresholds=(0.3, 0.3, 0.3)))
    assert found, "the test needs a face that is found although it is cut"
    sure = replace(settings, search=replace(settings.search, thresholds=(0.3, 0.3, 0.3)))
    result = enhance_faces(cut, finder, Enhancers(gain=2.5), sure)
    assert Outcome.ENHANCED not in outcomes(result)
    assert torch.equal(result.restored, cut)


def test_a_small_face_is_left(finder: FaceFinder, portrait: Tensor, settings: FaceSettings) -> None:
    result = enhance_faces(portrait, finder, Enhancers(gain=2.5), replace(settings, min_eye_distance_px=60))
    assert outcomes(result) == [Outcome.TOO_SMALL]
    assert torch.equal(result.restored, portrait)


def test_a_false_face_on_wallpaper_is_left(
    finder: FaceFinder, settings: FaceSettings, portrait: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (face,) = find_faces(finder, portrait, settings.search)
    monkeypatch.setattr(enhance, "find_faces", lambda *_: (face,))  # the first look was wrong
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    wallpaper = (0.6 + 0.2 * (x / 9).sin() * (y / 7).cos())[None, None].repeat(1, 3, 1, 1)
    result = enhance_faces(wallpaper, finder, Enhancers(gain=2.5), settings)
    assert outcomes(result) == [Outcome.DOUBTFUL]
    assert torch.equal(result.restored, wallpaper)


def test_landmarks_that_make_no_face_are_left(
    finder: FaceFinder, settings: FaceSettings, portrait: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (face,) = find_faces(finder, portrait, settings.search)
    crooked = replace(face, landmarks=face.landmarks[[0, 1, 3, 3, 2]])  # the nose at the corner of the mouth
    monkeypatch.setattr(enhance, "find_faces", lambda *_: (crooked,))
    assert outcomes(enhance_faces(portrait, finder, Enhancers(), settings)) == [Outcome.DOUBTFUL]


def test_twenty_faces_go_through_in_batches(finder: FaceFinder, portrait: Tensor, settings: FaceSettings) -> None:
    bust = portrait[..., 8:104, 64:160]
    crowd = bust.repeat(1, 1, 4, 5)
    enhancer = Enhancers()
    result = enhance_faces(crowd, finder, enhancer, replace(settings, batch_size=8))
    assert len(result.records) == 20
    assert enhancer.sizes == [8, 8, 4]


def test_a_strength_that_means_nothing_is_refused(finder: FaceFinder, settings: FaceSettings) -> None:
    with pytest.raises(ValueError, match="between 0"):
        enhance_faces(torch.rand(1, 3, 32, 32), finder, Enhancers(), replace(settings, strength=1.5))
