"""Which features the perceptual loss sees: VGG's if the user brought its weights, else those that need none."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from models.feature_trunk import GradientPyramid, VggDepth, vgg_from_classifier
from ops.checkpoints import file_sha256

VGG_FILES = {
    "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44": VggDepth.VGG19,
    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0": VggDepth.VGG16,
}
"""torchvision's ImageNet weights, vgg19-dcbb9e9d.pth (574,673,361 bytes; the report's) and vgg16-397923af.pth, both
from https://download.pytorch.org/models/. torchvision states no licence for weights trained on ImageNet, so nothing of
them is shipped, and they are never needed to restore."""


def feature_trunk(weights: Path | None) -> tuple[str, nn.Module]:
    """The trunk of the perceptual loss and its name, which belongs to the facts of a training.

    Args:
        weights: one of ``VGG_FILES``; None takes the edges of ``GradientPyramid``.

    Raises:
        ValueError: the file is missing or is none of the two.
    """
    if weights is None:
        return "gradient pyramid", GradientPyramid()
    if not weights.is_file():
        raise ValueError(f"ALBUMEN_VGG={weights} is no file; {_CURE}")
    depth = VGG_FILES.get(found := file_sha256(weights))
    if depth is None:
        raise ValueError(f"ALBUMEN_VGG={weights} has sha256 {found[:12]}..., which is no known file; {_CURE}")
    trunk = vgg_from_classifier(depth, torch.load(weights, map_location="cpu", weights_only=True))
    return f"{depth.name} {found[:12]}", trunk


_CURE = "give vgg19-dcbb9e9d.pth or vgg16-397923af.pth from https://download.pytorch.org/models/, or unset it"
