"""Fresh pairs of windows of any size, seen small, and of varied colours: many photos out of a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import torch

from ops.corpora.records import TRAIN, Corpus, CorpusPhoto
from ops.degradation.degrade import Pair, before_ageing, draw_plan
from ops.degradation.pixels import Pixels
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan
from ops.pairs.building import DatasetRecipe, cut, draw_corner, large_enough, scans_for
from ops.pairs.fresh_crops import FreshCrops, ages_on, decode_bytes, step_generator
from ops.pairs.sources import PairBatch, batch_of
from ops.parts import WHOLE, Part
from ops.remembered import Remembered

_HUE_SHARE: Final = 0.5
_SATURATION: Final = (0.5, 1.6)
_EXPOSURE: Final = 0.35  # greatest |log gamma|
_CAST: Final = 0.12  # greatest |log gain| of one channel


@dataclass(frozen=True)
class WindowShares:
    """Of all windows.

    Attributes:
        clean: left undamaged; the others are damaged as the recipe says.
        larger: larger squares of a photo than a crop, up to its whole short side, shrunk to one; the others are crops
            at the photo's own size.
        varied: of another hue, saturation, exposure or cast than any photo at hand, before any damage.
    """

    clean: float
    larger: float
    varied: float


class FreshWindows:
    """Windows of clean photos, damaged anew each time; a batch depends on its step alone.

    Args:
        photos: clean, each at least as large as a crop.
        scans: textures to damage with.
        recipe: of the damage.
        shares: which windows there are.
        seed: of everything drawn.
        ages_on: as in ``FreshCrops``.
    """

    def __init__(
        self,
        photos: Sequence[CorpusPhoto],
        scans: Sequence[TextureScan],
        recipe: DegradationRecipe,
        shares: WindowShares,
        seed: int,
        ages_on: str | None = None,
    ) -> None:
        self.crops = FreshCrops(photos, scans, replace(recipe, undamaged_share=shares.clean), ages_on)
        self.shares = shares
        self.seed = seed
        self._decoded = Remembered(decode_bytes, capacity=256)

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of ``size`` pairs of ``crop_px``, on the device that aged them; errors as in ``unaged``."""
        pairs = self.unaged(size, crop_px, step_generator(self.seed, step), part)
        degraded = self.crops.aged(torch.cat([pair.degraded for pair in pairs]), [pair.plan for pair in pairs])
        return batch_of(pairs, degraded)

    def unaged(self, size: int, crop_px: int, generator: torch.Generator, part: Part = WHOLE) -> list[Pair]:
        """``part`` of ``size`` pairs of ``crop_px``, damaged but not aged yet.

        Raises:
            ValueError: no photo is as large as a crop, or the batch cannot be shared evenly.
        """
        part.even_size(size)
        photos = large_enough(self.crops.photos, crop_px)
        if not photos:
            raise ValueError(
                f"none of {len(self.crops.photos)} clean photos has sides of {crop_px} px; bring larger ones with "
                "ALBUMEN_CLEAN_PHOTOS"
            )
        seeds = torch.randint(2**62, (size,), generator=generator).tolist()
        return [self._damaged(photos, crop_px, seed) for seed in part.of(seeds)]

    def _damaged(self, photos: Sequence[CorpusPhoto], crop_px: int, seed: int) -> Pair:
        generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
        photo = photos[int(rng.integers(len(photos)))]
        side = crop_px
        if rng.random() < self.shares.larger:
            side = int(rng.integers(crop_px, min(photo.height, photo.width) + 1))
        corner = draw_corner(photo.height, photo.width, side, generator)
        window = cut(self._decoded(photo), corner, side)[0].permute(1, 2, 0).numpy().astype(np.float32) / 255
        seen = cv2.resize(window, (crop_px, crop_px), interpolation=cv2.INTER_AREA) if side > crop_px else window
        if rng.random() < 0.5:
            seen = seen[:, ::-1]
        if rng.random() < self.shares.varied:
            seen = varied_colours(np.ascontiguousarray(seen), rng)
        levels = np.rint(np.clip(seen, 0, 1) * 255).astype(np.float32) / 255
        source = torch.from_numpy(levels).permute(2, 0, 1)[None].contiguous()
        return before_ageing(source, draw_plan(self.crops.recipe, crop_px, crop_px, generator, self.crops.scans))


def varied_colours(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """``photo`` (H, W, 3) in [0, 1] as another clean one: each of hue, saturation, exposure and cast has its chance."""
    hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)  # hue in degrees, the others in [0, 1]
    if rng.random() < _HUE_SHARE:
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 360)) % 360
    if rng.random() < 0.5:
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(*_SATURATION), 0, 1)
    varied = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    if rng.random() < 0.5:
        varied = varied ** np.float32(np.exp(rng.uniform(-_EXPOSURE, _EXPOSURE)))
    if rng.random() < 0.4:
        varied = varied * np.exp(rng.uniform(-_CAST, _CAST, 3)).astype(np.float32)
    return np.asarray(np.clip(varied, 0, 1), dtype=np.float32)


def fresh_windows(
    clean: Corpus, textures: Corpus, recipe: DatasetRecipe, shares: WindowShares, device: str
) -> FreshWindows:
    """Windows of the training photos for a training on ``device``, which also ages them unless it is the CPU."""
    photos, scans = large_enough(clean.train, recipe.pair_px), scans_for(textures, TRAIN)
    return FreshWindows(photos, scans, recipe.degradation, shares, recipe.seed, ages_on(device))
