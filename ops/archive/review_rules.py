"""Which results wait for a person before they are published, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

from torch import Tensor


@dataclass(frozen=True)
class ReviewRules:
    """From where on a result is suspicious; all in [0, 1].

    With the shipped weights the first two hold back 6 of 100 held-out damaged pairs, none of their clean photos and the
    one of nine real photos that was harmed. What costs a photo a decibel in a small place passes: look at the masks.

    Attributes:
        mean_change: mean absolute difference between original and restored, beyond what its tone changed by.
        damaged_fraction: share of the area taken for damaged.
        confidence: mean probability of the pixels taken for damaged; suspicious below, not above.
        face_change: structure distance of the face that changed most (fact ``face_change``); the guard of
            ``ops/faces`` refuses faces from 0.08 on, so half of that calls for a look.
        tone_change: mean absolute difference that taking the tone back made (fact ``tone_change``).
        held_back: share of the area marked on a photo that looks sound, and therefore left (fact
            ``held_back_fraction``).
    """

    mean_change: float = 0.015
    damaged_fraction: float = 0.1
    confidence: float = 0.3
    face_change: float = 0.04
    tone_change: float = 0.1
    held_back: float = 0.001

    @property
    def recipe(self) -> str:
        """The rules as they stand in the recipe: they decide where a result lies."""
        return "review=" + "/".join(f"{limit:g}" for limit in astuple(self))

    def flags(self, mask: Tensor, facts: Mapping[str, float]) -> tuple[str, ...]:
        """Name what calls for a person.

        Args:
            mask: (1, 1, H, W) in [0, 1], 0 where no defect was found.
            facts: what the restoration measured.
        """
        found = mask[mask > 0]
        tone_change = facts.get("tone_change", 0.0)
        is_flagged = {
            "large-change": facts.get("mean_change", 0.0) - tone_change > self.mean_change,
            "huge-mask": found.numel() > self.damaged_fraction * mask.numel(),
            "low-confidence": found.numel() > 0 and float(found.mean()) < self.confidence,
            "face-altered": facts.get("face_change", 0.0) > self.face_change,
            "tone-changed": tone_change > self.tone_change,
            "left-as-sound": facts.get("held_back_fraction", 0.0) > self.held_back,
        }
        return tuple(name for name, is_up in is_flagged.items() if is_up)
