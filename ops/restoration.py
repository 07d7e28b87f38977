"""Restoring one decoded photo: find the defects, translate the photo, say what was done."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.detector import DefectDetector
from models.triplet import TripletNetwork
from ops.tiles import Tiling, map_tiles


@dataclass(frozen=True)
class Restoration:
    """What became of one photo.

    Attributes:
        restored: (1, 3, H, W) in [0, 1], the size of the input.
        mask: (1, 1, H, W) in [0, 1], where defects were found and how sure the detector is; 0 where none was.
        facts: what was found and changed, for provenance and review.
    """

    restored: Tensor
    mask: Tensor
    facts: Mapping[str, float]


class PhotoRestorer:
    """A released model ready to restore photos of any size, one at a time.

    Args:
        detector: finds the defects.
        network: repaints and restores.
        threshold: of the defect probability; below it a pixel counts as intact.
        tiling: how photos larger than one tile are cut.
        strength: 1 restores fully, 0 returns the photo as it is, between them a blend.
        device: a torch device.
    """

    def __init__(
        self,
        detector: DefectDetector,
        network: TripletNetwork,
        threshold: float,
        tiling: Tiling,
        strength: float = 1.0,
        device: str = "cpu",
    ) -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"strength lies between 0 (leave as it is) and 1 (restore fully), got {strength}")
        self.detector = detector.eval().to(device)
        self.network = network.eval().to(device)
        self.threshold = threshold
        self.tiling = tiling
        self.strength = strength
        self.device = device

    @property
    def recipe(self) -> str:
        """The settings that decide the result beside the released model."""
        return f"strength={self.strength:g}"

    @torch.inference_mode()
    def __call__(self, old: Tensor) -> Restoration:
        """Restore ``old`` (1, 3, H, W) in [0, 1]; the result has its size."""
        started = time.perf_counter()
        mask = self.damage(self.find_defects(old))
        translated = map_tiles(self._translate, torch.cat([old, mask], dim=1), self.tiling)
        painted, gate = translated[:, :3], translated[:, 3:]
        restored = torch.lerp(old, painted, self.strength * gate).clamp(0, 1)
        change = (restored - old).abs()
        facts = {
            "damaged_fraction": float((mask > 0).float().mean()),
            "repainted_fraction": float(gate.mean()) * self.strength,
            "mean_change": float(change.mean()),
            "largest_change": float(change.max()),
            "strength": self.strength,
            "seconds": time.perf_counter() - started,
        }
        return Restoration(restored, mask, facts)

    @torch.inference_mode()
    def find_defects(self, old: Tensor) -> Tensor:
        """The probability (1, 1, H, W) of each pixel of ``old`` (1, 3, H, W) to be damaged."""
        return map_tiles(lambda tile: self.detector(tile.to(self.device)).sigmoid().cpu(), old, self.tiling)

    def damage(self, defect_prob: Tensor) -> Tensor:
        """The soft mask the network is given: the probability where it exceeds the threshold, else zero."""
        return defect_prob * (defect_prob > self.threshold)

    def _translate(self, photo_and_mask: Tensor) -> Tensor:
        """Painted photo and gate (1, 4, h, w) of one tile of photo and mask (1, 4, h, w)."""
        tile = photo_and_mask.to(self.device)
        translation = self.network(tile[:, :3], tile[:, 3:])
        return torch.cat([translation.painted, translation.gate], dim=1).cpu()
