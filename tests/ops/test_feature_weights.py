from pathlib import Path

import pytest
import torch

from models.feature_trunk import GradientPyramid, VggDepth, VggTrunk
from ops import feature_weights
from ops.checkpoints import file_sha256
from ops.feature_weights import feature_trunk


def test_without_a_file_the_features_need_no_weights() -> None:
    name, trunk = feature_trunk(None)
    assert name == "gradient pyramid"
    assert isinstance(trunk, GradientPyramid)


def test_a_file_with_a_known_checksum_is_loaded_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, original = tmp_path / "vgg16.pth", VggTrunk(VggDepth.VGG16)
    torch.save(original.state_dict(), file)
    monkeypatch.setitem(feature_weights.VGG_FILES, file_sha256(file), VggDepth.VGG16)
    name, trunk = feature_trunk(file)
    assert name == f"VGG16 {file_sha256(file)[:12]}"
    photo = torch.rand(1, 3, 16, 16)
    assert torch.equal(trunk(photo)[4], original(photo)[4])


def test_another_file_is_refused_with_where_to_get_the_right_one(tmp_path: Path) -> None:
    file = tmp_path / "vgg.pth"
    file.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"no known file; give vgg19-dcbb9e9d\.pth"):
        feature_trunk(file)
    with pytest.raises(ValueError, match="is no file"):
        feature_trunk(tmp_path / "absent.pth")
