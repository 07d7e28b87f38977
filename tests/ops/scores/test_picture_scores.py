"""Pictures of all methods measured together: what weights are there decides the columns, never the numbers in them."""

import pytest
import torch
from torch import Tensor, nn

from models.lpips import Lpips, Trunk
from ops.metrics.weights import WeightsMissingError
from ops.scores import picture_scores as module
from ops.scores.evaluation import INPUT, EvaluationPair
from ops.scores.picture_scores import picture_scores


def pair(number: int) -> EvaluationPair:
    generator = torch.Generator().manual_seed(number)
    clean = torch.rand(1, 3, 33, 40, generator=generator)
    return EvaluationPair(str(number), clean, torch.rand(clean.shape, generator=generator), None)


PAIRS = [pair(0), pair(1), pair(2)]


class StandIn(nn.Module):
    """Called as the Inception file is: bytes in, features out."""

    def forward(self, photo: Tensor, return_features: bool) -> Tensor:
        assert return_features
        assert photo.dtype is torch.uint8
        return photo.float().mean(dim=(2, 3))


def untrained(trunk: Trunk) -> Lpips:
    torch.manual_seed(0)
    network = Lpips(trunk)
    for head in network.heads:
        head.fill_(1.0)
    return network.eval()


def test_everything_is_measured_when_every_weight_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_lpips", untrained)
    monkeypatch.setattr(module, "load_inception", lambda path: StandIn())
    pictures = {(pair.name, "perfect"): pair.clean for pair in PAIRS}
    scores = picture_scores(PAIRS, pictures, ["perfect"])
    assert set(scores.missing) == {"niqe", "brisque"}  # 33 px are too few for them
    photos = scores.photos.set_index(["method", "photo"])[["lpips_alex", "lpips_vgg16"]]
    assert (photos.loc["perfect"].abs() < 1e-6).all(axis=None)
    assert (photos.loc[INPUT] > 0).all(axis=None)
    assert scores.sets.loc["perfect", ["kid_vgg16", "fd_vgg16", "fid"]].abs().max() < 1e-3
    assert scores.sets.loc[INPUT, "fid"] > 0


def test_without_weights_columns_are_missing_and_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(named: object) -> None:
        raise WeightsMissingError("install them")

    monkeypatch.setattr(module, "load_lpips", missing)
    monkeypatch.setattr(module, "load_inception", missing)
    scores = picture_scores(PAIRS, {}, ["failed everywhere"])
    assert set(scores.photos["method"]) == {INPUT}
    assert not {"lpips_alex", "lpips_vgg16"} & set(scores.photos)
    assert "fid" not in scores.sets
    assert {"lpips_alex", "lpips_vgg16", "kid_vgg16", "fd_vgg16", "fid"} <= set(scores.missing)
    assert scores.missing["lpips_alex"] == "install them"


def test_photos_that_are_too_small_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = [EvaluationPair("a", torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), None)]
    assert "needs photos of 32 px" in picture_scores(tiny, {}, []).missing["lpips_alex"]
