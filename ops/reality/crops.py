"""The rows that are compared: crops of real old photos, and crops of clean photos damaged by a recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ops.degradation.degrade import degrade
from ops.degradation.recipe import DegradationRecipe
from ops.images import decode_rgb
from ops.reality.compression import blockiness
from ops.reality.masks import mask_statistics
from ops.reality.noise import channel_correlation, coarse_noise, grain_size, noise_by_tone, overall_noise
from ops.reality.sharpness import edge_blur, fine_detail, spectral_slope
from ops.reality.texture import patch_statistics
from ops.reality.tone import black_point, clipped_share, colour_cast, colourfulness, contrast, white_point

STATISTICS = {
    "noise": "8-bit levels",
    "noise, coarse": "8-bit levels",
    "noise, shadows": "8-bit levels",
    "noise, middle tones": "8-bit levels",
    "noise, highlights": "8-bit levels",
    "grain size": "px",
    "channel correlation": "0 to 1",
    "edge blur": "px",
    "fine detail": "dB",
    "spectral slope": "exponent",
    "black point": "0 to 1",
    "white point": "0 to 1",
    "contrast": "0 to 1",
    "clipped share": "0 to 1",
    "cast, green-red": "CIELAB",
    "cast, blue-yellow": "CIELAB",
    "colourfulness": "CIELAB",
    "blockiness": "excess",
}
"""The statistics that are compared, with their units; the judge sees these and the patch statistics."""


@dataclass(frozen=True)
class Sampling:
    """How photos are sampled: the same for real and synthetic ones, or the judge would see the difference.

    Attributes:
        longest_px: larger photos are first shrunk to this, by area; it sets the scale at which blur is measured.
        crop_px: side of the square crops; smaller photos are left out.
        crops_per_photo: drawn at random.
        num_photos: at most so many of each side, evenly over the order they come in.
        seed: of the crops and of the synthetic damage.
    """

    longest_px: int
    crop_px: int
    crops_per_photo: int
    num_photos: int
    seed: int


def photo_statistics(photo: Tensor) -> dict[str, float]:
    """Everything that is known of one photo (1, 3, H, W) in [0, 1], by name; NaN where it does not show."""
    tones, cast = noise_by_tone(photo), colour_cast(photo)
    return {
        "noise": overall_noise(photo),
        "noise, coarse": coarse_noise(photo),
        **{f"noise, {tone}": level for tone, level in tones.items()},
        "grain size": grain_size(photo),
        "channel correlation": channel_correlation(photo),
        "edge blur": edge_blur(photo),
        "fine detail": fine_detail(photo),
        "spectral slope": spectral_slope(photo),
        "black point": black_point(photo),
        "white point": white_point(photo),
        "contrast": contrast(photo),
        "clipped share": clipped_share(photo),
        **{f"cast, {axis}": value for axis, value in cast.items()},
        "colourfulness": colourfulness(photo),
        "blockiness": blockiness(photo),
        **patch_statistics(photo),
    }


def photo_table(photos: Sequence[Path], sampling: Sampling) -> pd.DataFrame:
    """Statistics of crops of ``photos``, one row a crop; the index names the photo."""
    crops = _crops(photos, sampling)
    return _table((name, photo_statistics(crop)) for name, crop, _ in crops)


def synthetic_table(clean: Sequence[Path], recipe: DegradationRecipe, sampling: Sampling) -> pd.DataFrame:
    """Statistics of crops of ``clean`` photos that ``recipe`` damaged, one row a crop; the index names the photo."""
    crops = _crops(clean, sampling)
    return _table((name, photo_statistics(degrade(crop, recipe, chance).degraded)) for name, crop, chance in crops)


def synthetic_mask_table(clean: Sequence[Path], recipe: DegradationRecipe, sampling: Sampling) -> pd.DataFrame:
    """Statistics of the masks of the same crops, without those that have no defect above 0.5."""
    crops = _crops(clean, sampling)
    rows = ((name, mask_statistics(degrade(crop, recipe, chance).mask)) for name, crop, chance in crops)
    return _table((name, row) for name, row in rows if row["defects"])


def mask_table(masks: Mapping[str, Tensor], sampling: Sampling) -> pd.DataFrame:
    """Statistics of crops of real, named ``masks`` (1, 1, H, W), shrunk and cropped as photos are; empty ones left out.

    The index names the mask.
    """
    rows = (
        (name, mask_statistics(crop))
        for number, (name, mask) in enumerate(masks.items())
        for crop, _ in _random_crops(_fitted(mask, sampling.longest_px), sampling, number)
    )
    return _table((name, row) for name, row in rows if row["defects"])


def _table(rows: Iterator[tuple[str, dict[str, float]]]) -> pd.DataFrame:
    named = list(rows)
    return pd.DataFrame([row for _, row in named], index=pd.Index([name for name, _ in named], name="photo"))


def _crops(photos: Sequence[Path], sampling: Sampling) -> Iterator[tuple[str, Tensor, torch.Generator]]:
    """Name of the photo, crop, and the generator that goes on to damage it."""
    step = max(1, -(-len(photos) // sampling.num_photos))
    for number, path in enumerate(photos[::step]):
        photo = _fitted(decode_rgb(path.read_bytes()), sampling.longest_px)
        for crop, chance in _random_crops(photo, sampling, number):
            yield str(path), crop, chance


def _random_crops(photo: Tensor, sampling: Sampling, number: int) -> Iterator[tuple[Tensor, torch.Generator]]:
    """Crops of the photo with this ``number``, which alone sets their chance; none of one that is too small."""
    room = [side - sampling.crop_px for side in photo.shape[-2:]]
    if min(room) < 0:
        return
    chance = torch.Generator().manual_seed((sampling.seed << 32) + number)
    for _ in range(sampling.crops_per_photo):
        top, left = (int(torch.randint(free + 1, (1,), generator=chance)) for free in room)
        yield photo[..., top : top + sampling.crop_px, left : left + sampling.crop_px].contiguous(), chance


def _fitted(photo: Tensor, longest_px: int) -> Tensor:
    """``photo`` (1, C, H, W) shrunk by area until no side exceeds ``longest_px``; on 8-bit levels, as in a file."""
    height, width = photo.shape[-2:]
    scale = longest_px / max(height, width)
    if scale < 1:
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        planes = [cv2.resize(plane.numpy(), size, interpolation=cv2.INTER_AREA) for plane in photo[0]]
        photo = torch.from_numpy(np.stack(planes))[None]
    return photo.mul(255).round() / 255
