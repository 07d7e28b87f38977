"""Crops of clean photos, each with a plan of damage drawn for it: where fresh pairs and fresh defects begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ops.corpora.records import CorpusPhoto
from ops.degradation.degrade import Pair, aged, draw_plan
from ops.degradation.on_device.ageing import aged_on_device
from ops.degradation.plan import Plan
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan
from ops.images import decode_rgb
from ops.pairs.building import cut, draw_corner, large_enough
from ops.parts import WHOLE, Part
from ops.remembered import Remembered


@dataclass(frozen=True)
class FreshCrop:
    """``source`` (1, 3, P, P) in [0, 1], nothing done to it yet, and the ``plan`` of what will be."""

    source: Tensor
    plan: Plan


class FreshCrops:
    """Endless crops of ``photos``, to be damaged by ``recipe`` with ``scans``.

    ``ages_on`` names the device on which whole batches are aged as tensors; None ages photo by photo in numpy, as the
    frozen pairs are. Crops, plans and defects are the same either way, what is aged is only alike
    (docs/decisions/0010).
    """

    def __init__(
        self,
        photos: Sequence[CorpusPhoto],
        scans: Sequence[TextureScan],
        recipe: DegradationRecipe,
        ages_on: str | None = None,
    ) -> None:
        self.photos = photos
        self.scans = scans
        self.recipe = recipe
        self.ages_on = ages_on
        self._decoded = Remembered(decode_bytes, capacity=256)

    def draw(self, size: int, crop_px: int, generator: torch.Generator, part: Part = WHOLE) -> list[FreshCrop]:
        """``part`` of ``size`` crops; all are drawn, so the parts of several processes are one batch.

        Raises:
            ValueError: no photo is as large as a crop, or the batch cannot be shared evenly.
        """
        part.even_size(size)
        photos = large_enough(self.photos, crop_px)
        if not photos:
            raise ValueError(
                f"none of {len(self.photos)} clean photos has sides of {crop_px} px; bring larger ones with "
                "ALBUMEN_CLEAN_PHOTOS"
            )
        drawn = []
        for index in torch.randint(len(photos), (size,), generator=generator).tolist():
            photo = photos[index]
            corner = draw_corner(photo.height, photo.width, crop_px, generator)
            drawn.append((photo, corner, draw_plan(self.recipe, crop_px, crop_px, generator, self.scans)))
        return [
            FreshCrop(cut(self._decoded(photo), corner, crop_px).float() / 255, plan)
            for photo, corner, plan in part.of(drawn)
        ]

    def aged(self, photos: Tensor, plans: Sequence[Plan]) -> Tensor:
        """``photos`` (N, 3, P, P) aged by one plan each onto 8-bit levels; they come to lie where batches are aged."""
        if self.ages_on is None:
            return aged(photos, plans)
        return aged_on_device(photos.to(self.ages_on), plans).mul(255).round() / 255


def aged_twice(pairs: Sequence[Pair], aged: Callable[[Tensor, Sequence[Plan]], Tensor]) -> tuple[Tensor, Tensor]:
    """Age ``pairs``, which are not yet, with their defects and once more without: both (N, 3, H, W).

    The clean photo of a pair is what its degraded one would be without defects; a pair without any is aged once.
    """
    both = [(pair.degraded, pair.plan) for pair in pairs]
    both += [(pair.clean, pair.plan) for pair in pairs if pair.plan.defects]
    photos = aged(torch.cat([photo for photo, _ in both]), [plan for _, plan in both])
    photo = photos[: len(pairs)]
    undamaged = photo.clone()
    undamaged[[number for number, pair in enumerate(pairs) if pair.plan.defects]] = photos[len(pairs) :]
    return photo, undamaged


def ages_on(device: str) -> str | None:
    """Where the fresh pairs of a training on ``device`` age as whole batches; None on the CPU, photo by photo."""
    return None if torch.device(device).type == "cpu" else device


def ageing_facts(device: str) -> dict[str, str]:
    """What a training on ``device`` records of its fresh pairs: nothing, or that they are aged as tensors."""
    return {} if ages_on(device) is None else {"ageing": "as tensors, form 1"}


def decode_bytes(photo: CorpusPhoto) -> Tensor:
    """A photo as bytes (1, 3, H, W): a quarter of the memory of float32."""
    return decode_rgb(photo.read()).mul(255).round().byte()


def step_generator(seed: int, step: int) -> torch.Generator:
    """The chance of one step of a training, on the CPU: the same for every run that comes to it."""
    return torch.Generator().manual_seed((seed << 32) + step)
