"""Photos under real film defects, with their masks: what the STANDARD detector is fine-tuned on, and judged by.

Run as ``python -m training_sets.film_annotations OUT PORTRAITS SCANS``, then set ALBUMEN_ANNOTATED_PHOTOS to OUT.
PORTRAITS are the neutral photos of Face Research Lab London Set (CC BY 4.0, doi 10.6084/m9.figshare.5047666). SCANS are
the defects that people outlined on scans of empty film (FilmDamageSimulator, MIT, its ``scans/*.json`` drawn as PNG,
black where nothing is). Portraits and free photos are aged without defects, then the outlines are laid over them. A
sixth of the people, the held-out photos and two scans are for judging alone. The free photos are brought to the cache
of ALBUMEN_HOME.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ops.corpora.packages import clean_corpus
from ops.corpora.records import HELD_OUT, TRAIN, split_of
from ops.degradation.degrade import degrade
from ops.degradation.recipe import STANDARD_DEGRADATION

AGEING: Final = replace(STANDARD_DEGRADATION, defects=replace(STANDARD_DEGRADATION.defects, probability=0.0))
LONGEST_PX: Final = {"portrait": (360, 640), "photo": (640,)}
_SCAN_SCALE: Final = 0.4  # 5,000 px of a frame as a photo of 2,000 px would show them
_MOST_TRIES: Final = 60

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """One photo to damage: ``is_held_out`` decides by which scans, and which split its checksum has to give."""

    path: Path
    kind: str
    longest_px: int
    is_held_out: bool


def main(out: Path, portraits: Path, scans: Path) -> None:
    """Write ``NAME.png`` and ``NAME_mask.png`` of every source."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    out.mkdir(parents=True, exist_ok=True)
    outlines = [read_outlines(path) for path in sorted(scans.glob("*.png"))]
    for number, source in enumerate(sources(portraits, Path(os.environ.get("ALBUMEN_HOME") or ".albumen") / "cache")):
        photo = read_photo(source.path, source.longest_px)
        mine = outlines[:2] if source.is_held_out else outlines[2:]
        for seed in range(1000 * number, 1000 * number + _MOST_TRIES):
            rng = np.random.default_rng(seed)
            aged = degrade(photo, AGEING, torch.Generator().manual_seed(seed), ()).degraded
            shapes = cut_outlines(mine[rng.integers(len(mine))], aged.shape[-2], aged.shape[-1], rng)
            damaged, mask = lay_over(aged, shapes, rng)
            png = encode(damaged)
            if (split_of(hashlib.sha256(png).hexdigest()) == HELD_OUT) == source.is_held_out:
                name = f"{source.kind}-{source.path.stem[:24]}-{source.longest_px}"
                (out / f"{name}.png").write_bytes(png)
                cv2.imwrite(str(out / f"{name}_mask.png"), mask)
                break


def sources(portraits: Path, cache: Path) -> list[Source]:
    """The portraits at two sizes, then the free photos for training and for judging."""
    people = sorted(portraits.glob("*.jpg"))
    apart = set(people[::6])
    found = [Source(path, "portrait", px, path in apart) for path in people for px in LONGEST_PX["portrait"]]
    free = [one for one in clean_corpus(None, cache, True, print).photos if one.split in (TRAIN, HELD_OUT)]
    return found + [Source(one.path, "photo", px, one.split == HELD_OUT) for one in free for px in LONGEST_PX["photo"]]


def read_photo(path: Path, longest_px: int) -> Tensor:
    """A photo (1, 3, H, W) in [0, 1], shrunk until its longer side has ``longest_px``."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{path} is no picture that OpenCV reads")
    scale = longest_px / max(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(pixels[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255


def read_outlines(path: Path) -> Plane:
    """A scan's defects in [0, 1], shrunk; whatever class they have, they count alike."""
    classes = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if classes is None:
        raise ValueError(f"{path} is no picture that OpenCV reads")
    marked = (classes.max(axis=2) > 0).astype(np.float32)
    return cv2.resize(marked, None, fx=_SCAN_SCALE, fy=_SCAN_SCALE, interpolation=cv2.INTER_AREA).astype(np.float32)


def cut_outlines(scan: Plane, height: int, width: int, rng: np.random.Generator) -> Plane:
    """A piece of ``scan`` with some defects in it, perhaps turned over."""
    for _ in range(_MOST_TRIES):
        top, left = rng.integers(scan.shape[0] - height), rng.integers(scan.shape[1] - width)
        piece = scan[top : top + height, left : left + width]
        if (piece > 0.5).mean() > 0.0008:
            break
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    if rng.random() < 0.5:
        piece = piece[::-1]
    return np.ascontiguousarray(piece)


def lay_over(photo: Tensor, shapes: Plane, rng: np.random.Generator) -> tuple[Tensor, NDArray[np.uint8]]:
    """The photo under bright or dark defects of uneven opacity, and 255 where they can be seen."""
    soft = cv2.GaussianBlur(shapes, (0, 0), rng.uniform(0.3, 0.8))
    uneven = cv2.GaussianBlur(rng.random(shapes.shape).astype(np.float32), (0, 0), 4)
    uneven = (uneven - uneven.min()) / (np.ptp(uneven) + 1e-6)
    opacity = np.clip(soft * 1.3, 0, 1) * rng.uniform(0.6, 1) * (0.6 + 0.4 * uneven)
    tone = rng.uniform(0.85, 1) if rng.random() < 0.7 else rng.uniform(0, 0.2)
    cover = torch.from_numpy(opacity.astype(np.float32))[None, None]
    damaged = photo * (1 - cover) + tone * cover
    is_seen = ((damaged - photo).abs().amax(1)[0].numpy() >= 16 / 255) & (opacity > 0.2)
    return damaged, is_seen.astype(np.uint8) * np.uint8(255)


def encode(photo: Tensor) -> bytes:
    """The photo as a PNG of 8 bits."""
    pixels = (photo[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()[..., ::-1]
    return bytes(cv2.imencode(".png", pixels)[1])


if __name__ == "__main__":
    main(*(Path(name) for name in sys.argv[1:4]))
