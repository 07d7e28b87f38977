"""Real old photographs that anybody may learn from, with their damage: the glass plates of S. M. Prokudin-Gorskii.

From 1905 to 1915 he photographed each scene on three plates, through a blue, a green and a red filter. The Library of
Congress scanned them and knows of no restrictions (loc.gov/pictures/collection/prok). A colour composite that lays the
three scans over each other and does nothing else holds each plate as a channel, with its own scratches, dust and grain.

Whatever one plate shows and the other two do not was not in front of the camera: it is on that plate. That marks real
damage without a hand, where nothing moved between the exposures and colours are weak. ``REGIONS`` are such places,
chosen by looking; what is marked there was looked at, too.

Run as ``python -m training_sets.glass_plates TARGET COMPOSITE...``; it writes

* ``TARGET/old``, all plates: ALBUMEN_OLD_PHOTOS, for VAE1;
* ``TARGET/annotated/plates/held_out``, regions with masks, for ALBUMEN_ANNOTATED_PHOTOS: they judge a detector.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

SIDE_PX: Final = 1200
"""The longer side of what is written. At 3,400 px, as scanned, there is nothing in a training crop but grain."""

REGIONS: Final = {
    "group": ((0.0, 0.0, 0.27, 1.0),),
    "village": ((0.0, 0.0, 0.93, 1.0),),
    "door": ((0.0, 0.0, 1.0, 1.0),),
    "carpet": ((0.0, 0.0, 0.7, 0.33), (0.0, 0.55, 0.72, 1.0)),
}
"""Scene, the first word of a file's name -> top, left, bottom, right as shares of the plate."""

_RIM: Final = 0.04  # of each side: where the plates were shifted over each other
_WINDOW_PX: Final = 25
_NAMES: Final = ("blue", "green", "red")
_SHIFTS: Final = range(-2, 3)  # how far the plates may still lie beside each other, in pixels


def plates_of(composite: Path) -> list[np.ndarray]:
    """The three plates (H, W) of a composite, float32 in [0, 1], without the rim, at most ``SIDE_PX`` long.

    Raises:
        ValueError: the file is no picture that OpenCV reads.
    """
    pixels = cv2.imread(str(composite), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{composite} is no picture that can be read; give the JPEG or TIFF files of composites")
    height, width = pixels.shape[:2]
    top, left = round(_RIM * height), round(_RIM * width)
    inner = pixels[top : height - top, left : width - left]
    scale = min(1.0, SIDE_PX / max(inner.shape[:2]))
    small = cv2.resize(inner, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return [plate.astype(np.float32) / 255 for plate in cv2.split(small)]


def damage_of(plates: Sequence[np.ndarray], number: int) -> np.ndarray:
    """Where plate ``number`` shows what the two others cannot explain, (H, W) of bool.

    Each pixel is predicted from the same one of the other plates, by least squares in a window. It is damaged where no
    prediction within two pixels comes near it, by more than grain and the detail of the others excuse, and so is what
    hangs together with it and is off by half as much.
    """
    plate = plates[number]
    others = [_despeckled(other) for index, other in enumerate(plates) if index != number]
    predicted = _regressed(plate, others)
    nearest = np.min(
        [np.abs(plate - np.roll(predicted, (down, right), (0, 1))) for down in _SHIFTS for right in _SHIFTS], axis=0
    )
    grain = np.sqrt(cv2.blur(np.minimum(_detail(plate, 1.5) ** 2, 0.01), (41, 41)))
    detail = np.sqrt(sum(cv2.blur(_detail(other, 3.0) ** 2, (9, 9)) for other in others))
    sure = nearest > 0.06 + 2.5 * grain + 1.5 * detail
    likely = np.abs(plate - predicted) > 0.035 + 1.5 * grain + 0.8 * detail
    _, labels = cv2.connectedComponents(likely.astype(np.uint8), connectivity=8)
    kept = np.unique(labels[sure])
    return np.isin(labels, kept[kept > 0])


def write_plates(target: Path, composites: Sequence[Path]) -> list[Path]:
    """Write all plates, and the regions of those in ``REGIONS`` with their masks; returns the files."""
    old, annotated = target / "old", target / "annotated" / "plates" / "held_out"
    written = []
    for folder in (old, annotated):
        folder.mkdir(parents=True, exist_ok=True)
    for composite in composites:
        scene, plates = composite.stem.split("_")[0], plates_of(composite)
        for number, name in enumerate(_NAMES):
            written.append(_write(old / f"{scene}-{name}.png", plates[number]))
            damage = damage_of(plates, number).astype(np.float32)
            for count, region in enumerate(REGIONS.get(scene, ()), 1):
                stem = f"{scene}-{name}-{count}"
                written.append(_write(annotated / f"{stem}.png", _cut(plates[number], region)))
                written.append(_write(annotated / f"{stem}_mask.png", _cut(damage, region)))
    return written


def _regressed(plate: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """``plate`` as a linear function of two ``others`` that changes slowly over the picture.

    He et al., "Guided Image Filtering", ECCV 2010, with two guides.
    """
    first, second = others
    mean, mean_first, mean_second = _mean(plate), _mean(first), _mean(second)
    spread = _mean(first * first) - mean_first**2 + 1e-3, _mean(second * second) - mean_second**2 + 1e-3
    shared = _mean(first * second) - mean_first * mean_second
    with_first, with_second = _mean(first * plate) - mean_first * mean, _mean(second * plate) - mean_second * mean
    determinant = spread[0] * spread[1] - shared**2
    slope_first = (spread[1] * with_first - shared * with_second) / determinant
    slope_second = (spread[0] * with_second - shared * with_first) / determinant
    level = mean - slope_first * mean_first - slope_second * mean_second
    return _mean(slope_first) * first + _mean(slope_second) * second + _mean(level)


def _despeckled(plate: np.ndarray) -> np.ndarray:
    return cv2.medianBlur((plate * 255).astype(np.uint8), 3).astype(np.float32) / 255


def _detail(plate: np.ndarray, sigma_px: float) -> np.ndarray:
    return plate - cv2.GaussianBlur(plate, (0, 0), sigma_px)


def _mean(plate: np.ndarray) -> np.ndarray:
    return cv2.blur(plate, (_WINDOW_PX, _WINDOW_PX))


def _cut(plate: np.ndarray, region: tuple[float, float, float, float]) -> np.ndarray:
    height, width = plate.shape
    top, left, bottom, right = region
    return plate[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def _write(path: Path, plate: np.ndarray) -> Path:
    path.write_bytes(cv2.imencode(".png", np.rint(plate * 255).astype(np.uint8))[1].tobytes())
    return path


if __name__ == "__main__":
    print(f"{len(write_plates(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))} files in {sys.argv[1]}")
