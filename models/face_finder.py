"""The three small networks that find faces: propose, refine, and look closely with five landmarks.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", IEEE SPL 2016. The
layers are named as in the published state dicts. The cascade around them stands in ``ops/faces/find.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

REFINER_PX = 24
INSPECTOR_PX = 48


class FaceProposer(nn.Module):
    """Slides a 12-pixel window over a photo in steps of two: is there a face, and where exactly?"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``photo`` (N, 3, H, W) in [0, 1] to scores (N, h, w) in [0, 1] and corrections (N, 4, h, w)."""
        x = self.pool1(self.prelu1(self.conv1(_centred(photo))))
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return self.conv4_1(x).softmax(dim=1)[:, 1], self.conv4_2(x)


class FaceRefiner(nn.Module):
    """Judges crops of 24 pixels and corrects their boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``crops`` (N, 3, 24, 24) in [0, 1] to scores (N,) in [0, 1] and corrections (N, 4)."""
        x = self.pool1(self.prelu1(self.conv1(_centred(crops))))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.prelu4(self.dense4(_columns_first(self.prelu3(self.conv3(x)))))
        return self.dense5_1(x).softmax(dim=1)[:, 1], self.dense5_2(x)


class Inspection(NamedTuple):
    """What a close look at N crops says.

    Attributes:
        score: (N,) in [0, 1], that this is a face.
        correction: (N, 4) of the box, as shares of its size.
        landmarks: (N, 5, 2), x and y as shares of the crop: left eye, right eye, nose, left and right mouth corner.
        features: (N, 256), what the verdicts are drawn from: the make-up of a face, not whose face it is.
    """

    score: Tensor
    correction: Tensor
    landmarks: Tensor
    features: Tensor


class FaceInspector(nn.Module):
    """Judges crops of 48 pixels and places the five landmarks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 32, 3), nn.PReLU(32)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.pool3 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2, self.dense6_3 = nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)

    def layers(self, faces: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The rectified outputs of the four convolutions for ``faces`` (N, 3, H, W) in [0, 1] of any size from 48."""
        first = self.prelu1(self.conv1(_centred(faces)))
        second = self.prelu2(self.conv2(self.pool1(first)))
        third = self.prelu3(self.conv3(self.pool2(second)))
        return first, second, third, self.prelu4(self.conv4(self.pool3(third)))

    def forward(self, crops: Tensor) -> Inspection:
        """Look at ``crops`` (N, 3, 48, 48) in [0, 1]."""
        features = self.prelu5(self.dense5(_columns_first(self.layers(crops)[-1])))
        return Inspection(
            score=self.dense6_1(features).softmax(dim=1)[:, 1],
            correction=self.dense6_2(features),
            landmarks=self.dense6_3(features).unflatten(1, (2, 5)).mT,  # all x, then all y
            features=features,
        )


class FaceFinder(nn.Module):
    """The three networks together, as they lie in one file of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.proposer = FaceProposer()
        self.refiner = FaceRefiner()
        self.inspector = FaceInspector()


def _centred(photo: Tensor) -> Tensor:
    """[0, 1] as the networks were taught: (level - 127.5) / 128."""
    return (255 * photo - 127.5) / 128


def _columns_first(features: Tensor) -> Tensor:
    """Flatten (N, C, h, w) in the order w, h, C that the dense layers were trained with."""
    return torch.flatten(features.permute(0, 3, 2, 1), 1)
