"""The weights of the face finder, from a package that pip brings: its files alone, never its code.

The wheel of facenet-pytorch 2.6.0 (MIT) holds the three state dicts of MTCNN. The package itself asks for torchvision
and an old torch, so it is not installed: the wheel is fetched, each file checked, and the tensors kept as safetensors.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from models.face_finder import FaceFinder
from ops.tensor_files import load_weights, save_tensors

WHEEL: Final = "facenet-pytorch==2.6.0"
_TIMEOUT_S: Final = 120
_FILE_NAME: Final = "face-finder.safetensors"
_MEMBERS: Final = {  # part of the finder -> (member of the wheel, sha256)
    "proposer": (
        "facenet_pytorch/data/pnet.pt",
        "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    ),
    "refiner": (
        "facenet_pytorch/data/rnet.pt",
        "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    ),
    "inspector": (
        "facenet_pytorch/data/onet.pt",
        "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
    ),
}


class FaceFinderUnavailableError(Exception):
    """This system cannot bring the finder's weights; the message says why in one sentence."""


def face_finder(cache: Path, log: Callable[[str], None]) -> FaceFinder:
    """The finder with its weights, fetched by pip at the first call and read from ``cache`` later.

    Raises:
        FaceFinderUnavailableError: pip cannot bring the wheel, or its files are not the ones that were tested.
    """
    return load_weights(FaceFinder(), finder_weights(cache, log)).eval()


def cached_finder(cache: Path) -> FaceFinder | None:
    """The finder if an earlier call of ``face_finder`` brought its weights into ``cache``; no network."""
    path = cache / _FILE_NAME
    return load_weights(FaceFinder(), path).eval() if path.is_file() else None


def finder_weights(cache: Path, log: Callable[[str], None]) -> Path:
    """The finder's weights as one safetensors file in ``cache``.

    Raises:
        FaceFinderUnavailableError: as for ``face_finder``.
    """
    path = cache / _FILE_NAME
    if not path.is_file():
        with tempfile.TemporaryDirectory() as workshop:
            save_tensors(path, read_wheel(_downloaded(Path(workshop))))
        log(f"face finder: weights taken from the wheel of {WHEEL} (MIT)")
    return path


def read_wheel(wheel: Path) -> dict[str, Tensor]:
    """The tensors of the finder inside ``wheel``, under the names of ``FaceFinder``.

    Raises:
        FaceFinderUnavailableError: a file is missing or has another checksum.
    """
    tensors: dict[str, Tensor] = {}
    with zipfile.ZipFile(wheel) as archive:
        for part, (member, sha256) in _MEMBERS.items():
            if member not in archive.namelist():
                raise FaceFinderUnavailableError(f"{wheel.name} holds no {member}; expected the wheel of {WHEEL}")
            data = archive.read(member)
            found = hashlib.sha256(data).hexdigest()
            if found != sha256:
                raise FaceFinderUnavailableError(
                    f"{member} in {wheel.name} has sha256 {found[:12]}..., expected {sha256[:12]}...; "
                    "the wheel is not the tested one"
                )
            state = torch.load(io.BytesIO(data), weights_only=True)
            tensors |= {f"{part}.{name}": tensor for name, tensor in state.items()}
    return tensors


def _downloaded(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise FaceFinderUnavailableError(f"pip download {WHEEL} did not end within {_TIMEOUT_S} s") from error
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        complaints = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        raise FaceFinderUnavailableError(
            f"pip download {WHEEL}: {complaints[-1] if complaints else 'brought no wheel'}; "
            "connect to a package index once, or leave faces as they are (ALBUMEN_FACE_STRENGTH=0)"
        )
    return wheels[0]
