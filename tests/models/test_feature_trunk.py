import pytest
import torch
from torch.testing import assert_close

from models.feature_trunk import LAYER_WEIGHTS, GradientPyramid, VggDepth, VggTrunk, vgg_from_classifier

# Index in torchvision's `features` of the last convolution before each tap: relu1_1 ... relu5_1.
LAST_CONVOLUTION = {VggDepth.VGG16: 24, VggDepth.VGG19: 28}


@pytest.mark.parametrize("depth", list(VggDepth))
def test_vgg_is_numbered_as_in_torchvisions_file(depth: VggDepth) -> None:
    trunk = VggTrunk(depth)
    assert f"features.{LAST_CONVOLUTION[depth]}.weight" in trunk.state_dict()
    assert max(int(name.split(".")[1]) for name in trunk.state_dict()) == LAST_CONVOLUTION[depth]


def test_vgg_gives_five_rectified_maps_that_halve_each_time() -> None:
    maps = VggTrunk(VggDepth.VGG19)(torch.rand(1, 3, 32, 32))
    assert [tuple(each.shape[1:]) for each in maps] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2),
    ]  # fmt: skip
    assert all(each.min() >= 0 for each in maps)


def test_each_layer_is_weighed_as_published() -> None:
    trunk, photo = VggTrunk(VggDepth.VGG16), torch.rand(1, 3, 16, 16)
    first = torch.relu(trunk.features[0](2 * photo - 1))
    assert_close(trunk(photo)[0], LAYER_WEIGHTS[0] * first)


def test_the_classifiers_other_weights_are_left_alone() -> None:
    source = VggTrunk(VggDepth.VGG16).state_dict() | {"classifier.0.weight": torch.zeros(1)}
    trunk = vgg_from_classifier(VggDepth.VGG16, source)
    assert_close(trunk.state_dict()["features.0.weight"], source["features.0.weight"])
    assert not any(parameter.requires_grad for parameter in trunk.parameters())


def test_the_pyramid_sees_edges_and_not_tone() -> None:
    photo = torch.rand(1, 3, 32, 32)
    for before, after in zip(GradientPyramid()(photo), GradientPyramid()(photo + 0.25), strict=True):
        assert_close(before, after)
    blurred = torch.nn.functional.avg_pool2d(photo, 3, stride=1, padding=1)
    assert GradientPyramid()(blurred)[0].abs().mean() < 0.6 * GradientPyramid()(photo)[0].abs().mean()
