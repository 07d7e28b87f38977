"""One portrait in many scenes: before something else, turned, lit from the side, of other colours.

Portraits taken for research show frontal faces in even light before a plain backdrop. A generator that learns from
nothing else has never seen a cheek end before something dark, or a shadow across a face (docs/decisions/0020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.pixels import Pixels
from ops.pairs.windows import varied_colours

_NEAR: Final = 0.10  # greatest difference of a channel from the backdrop's colour
_PLAIN: Final = 0.7  # share of the rim that has to be of one colour
_FRINGE_PX: Final = 5  # what hair keeps of a light backdrop, cut off with it

_TURN_DEG: Final = 10.0
_ACROSS: Final = (0.82, 1.06)  # a face turned to the side is narrower
_DOWN: Final = (0.92, 1.06)
_SHEAR: Final = 0.08
_NEARER: Final = 0.15  # how much larger one side may be than the middle

_DEPTH: Final = (0.1, 0.75)  # of a shadow
_SOFTNESS: Final = (0.02, 0.35)  # of its edge, as a share of the canvas
_GAIN: Final = (0.8, 1.25)


@dataclass(frozen=True)
class FaceScenes:
    """How many of the faces are seen otherwise than they were taken; each has each chance.

    Attributes:
        behind: before a piece of another photo, where the face's own backdrop is plain.
        turned: turned, narrowed and sheared a little, one side nearer.
        lit: half in shadow, brighter or darker.
        varied: of other colours, see ``varied_colours``.
    """

    behind: float
    turned: float
    lit: float
    varied: float


def in_another_scene(face: Pixels, behind: Pixels | None, scenes: FaceScenes, rng: np.random.Generator) -> Pixels:
    """``face`` (S, S, 3) in [0, 1] as another photo would show it, perhaps before ``behind`` of the same shape.

    What is drawn does not depend on the face, so that a face keeps its scene when another is exchanged.
    """
    chances, seeds = rng.random(4), rng.spawn(4)
    seen = face
    if behind is not None and chances[0] < scenes.behind:
        share = plain_backdrop(face)[..., None]
        seen = share * cv2.GaussianBlur(behind, (0, 0), seeds[0].uniform(0.3, 4)) + (1 - share) * face
    if chances[1] < scenes.turned:
        seen = _turned(seen, seeds[1])
    if chances[2] < scenes.lit:
        seen = _lit(seen, seeds[2])
    if chances[3] < scenes.varied:
        seen = varied_colours(_in_range(seen), seeds[3])
    return _in_range(seen)


def plain_backdrop(face: Pixels) -> NDArray[np.float32]:
    """How much of each pixel of ``face`` (S, S, 3) is backdrop, (S, S) in [0, 1]; nothing if the rim is not plain.

    Backdrop is what has nearly the median colour of the upper rim and hangs together with it.
    """
    side = len(face)
    is_rim = np.zeros((side, side), bool)
    is_rim[:3] = is_rim[: side // 2, :3] = is_rim[: side // 2, -3:] = True
    colour = np.median(face[is_rim], axis=0)
    is_near = np.abs(cv2.blur(face, (3, 3)) - colour).max(axis=-1) < _NEAR
    if is_near[is_rim].mean() < _PLAIN:
        return np.zeros((side, side), np.float32)
    _, parts = cv2.connectedComponents(is_near.astype(np.uint8), connectivity=4)
    is_backdrop = is_near & np.isin(parts, np.unique(parts[is_rim & is_near]))
    grown = cv2.dilate(is_backdrop.astype(np.float32), np.ones((_FRINGE_PX, _FRINGE_PX), np.uint8))
    return np.asarray(cv2.GaussianBlur(grown, (0, 0), 1.2), dtype=np.float32)


def _in_range(face: NDArray[np.floating]) -> Pixels:
    return np.ascontiguousarray(np.clip(face, 0, 1), dtype=np.float32)


def _turned(face: Pixels, rng: np.random.Generator) -> Pixels:
    angle = np.deg2rad(rng.uniform(-_TURN_DEG, _TURN_DEG))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    squeeze = np.array([[rng.uniform(*_ACROSS), rng.uniform(-_SHEAR, _SHEAR)], [0, rng.uniform(*_DOWN)]])
    about_middle = np.eye(3)
    about_middle[:2, :2] = turn @ squeeze
    about_middle[2, :2] = rng.uniform(-_NEARER, _NEARER, 2) / (len(face) / 2) * [1.0, 0.5]
    middle = np.array([[1, 0, (len(face) - 1) / 2], [0, 1, (len(face) - 1) / 2], [0, 0, 1]])
    matrix = middle @ about_middle @ np.linalg.inv(middle)
    size = (len(face), len(face))
    return cv2.warpPerspective(face, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def _lit(face: Pixels, rng: np.random.Generator) -> Pixels:
    angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
    softness = np.exp(rng.uniform(*np.log(_SOFTNESS)))
    down, across = (np.mgrid[: len(face), : len(face)] + 0.5) / len(face) - 0.5
    shadow = 1 / (1 + np.exp(-(across * np.cos(angle) + down * np.sin(angle) - at) / softness))
    light = rng.uniform(*_GAIN) * (1 - rng.uniform(*_DEPTH) * shadow)
    return np.asarray(face * light[..., None], dtype=np.float32)
