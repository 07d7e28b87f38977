"""A study of tiny coloured pictures."""

from pathlib import Path

import torch

from ops.images import encode_png
from ops.preference.studies import Study, build_study

METHODS = ("ours", "BM3D", "prior", "none")


def picture(*seed: int) -> bytes:
    generator = torch.Generator().manual_seed(hash(seed) % 1000)
    return encode_png(torch.rand(1, 3, 1, 1, generator=generator).expand(1, 3, 24, 32).contiguous())


def small_study(root: Path, photos: int = 2) -> Study:
    pictures = {
        f"photo {number}": (picture(number), {name: picture(number, index) for index, name in enumerate(METHODS)})
        for number in range(photos)
    }
    return build_study(pictures, METHODS, root)
