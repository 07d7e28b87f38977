"""From a clean photo to a degraded one: a plan of numbers is drawn first and applied to pixels second.

    degraded = ageing_n(... ageing_1(defects(print(clean))))
The structured damage comes first, as in the report: a scratch on the negative is as blurred and grainy as its picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ops.degradation.ageing import Ageing
from ops.degradation.defects import Defect, damaged
from ops.degradation.pixels import Pixels
from ops.degradation.plan import Plan
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import PAPER, TextureScan

__all__ = ["Pair", "Plan", "aged", "apply_plan", "before_ageing", "degrade", "draw_plan"]


@dataclass(frozen=True)
class Pair:
    """A photo and its degraded self, all on 8-bit levels as a file holds them.

    Attributes:
        clean: (1, 3, H, W) in [0, 1]; printed in one tone if the plan says so.
        degraded: (1, 3, H, W) in [0, 1].
        mask: (1, 1, H, W) in [0, 1], the union of structured damage before ageing: 0 exactly where no defect changed
            the photo, 1 where little of it is left. Ageing does not widen it: a blur after a scratch is blur.
        class_masks: name of a class -> (1, 1, H, W); the classes of ``plan.defects``.
        plan: what was done.
    """

    clean: Tensor
    degraded: Tensor
    mask: Tensor
    class_masks: dict[str, Tensor]
    plan: Plan


def degrade(
    clean: Tensor, recipe: DegradationRecipe, generator: torch.Generator, scans: Sequence[TextureScan] = ()
) -> Pair:
    """Damage ``clean`` (1, 3, H, W) in [0, 1] by a freshly drawn plan."""
    height, width = clean.shape[-2:]
    return apply_plan(clean, draw_plan(recipe, height, width, generator, scans))


def draw_plan(
    recipe: DegradationRecipe,
    height: int,
    width: int,
    generator: torch.Generator,
    scans: Sequence[TextureScan] = (),
) -> Plan:
    """Draw what happens to a photo of ``height`` x ``width``; the state of ``generator`` is the only source of chance.

    Args:
        recipe: all ranges and probabilities.
        height: in pixels.
        width: in pixels.
        generator: a CPU generator.
        scans: textures to lay on the photo and papers to show under holes, beside the procedural ones.
    """
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    monochrome = recipe.prints.draw(rng) if rng.random() < recipe.prints.probability else None
    if rng.random() < recipe.undamaged_share:
        return Plan(recipe.version, height, width, monochrome, (), ())
    defects: tuple[Defect, ...] = ()
    if rng.random() < recipe.defects.probability:
        count = int(rng.integers(recipe.defects.count[0], recipe.defects.count[1] + 1))
        defects = tuple(_draw_defect(recipe, rng, scans) for _ in range(count))
    ageing = (*_draw_ageing(recipe, rng), *recipe.prints.draw_scan(monochrome, rng))
    return Plan(recipe.version, height, width, monochrome, defects, ageing)


def apply_plan(clean: Tensor, plan: Plan) -> Pair:
    """Damage ``clean`` (1, 3, H, W) in [0, 1] by ``plan``: same photo, same plan, same bytes.

    Raises:
        ValueError: the photo has not the size the plan was drawn for.
    """
    pair = before_ageing(clean, plan)
    return replace(pair, degraded=aged(pair.degraded, [plan]))


def aged(photos: Tensor, plans: Sequence[Plan]) -> Tensor:
    """Age each of ``photos`` (N, 3, H, W), as ``before_ageing`` leaves them, by its own plan, onto 8-bit levels."""
    results = []
    for photo, plan in zip(photos, plans, strict=True):
        pixels: Pixels = np.ascontiguousarray(photo.permute(1, 2, 0).numpy())
        for step in plan.ageing:
            pixels = step.apply(pixels)
        results.append(_to_tensor(pixels))
    return torch.cat(results)


def before_ageing(clean: Tensor, plan: Plan) -> Pair:
    """Print ``clean`` (1, 3, H, W) in [0, 1] and put the defects of ``plan`` on it, for a batch that is aged together.

    Returns:
        The pair of ``apply_plan`` but for ``degraded``, which lacks the ageing and is not yet on 8-bit levels.

    Raises:
        ValueError: the photo has not the size the plan was drawn for.
    """
    if tuple(clean.shape) != (1, 3, plan.height, plan.width):
        expected = (1, 3, plan.height, plan.width)
        raise ValueError(f"this plan is for a photo of shape {expected}, got {tuple(clean.shape)}; draw a plan for it")
    photo: Pixels = np.ascontiguousarray(clean[0].permute(1, 2, 0).numpy(), dtype=np.float32)
    printed = photo if plan.monochrome is None else _on_levels(plan.monochrome.apply(photo))
    degraded, mask, class_masks = damaged(printed, plan.defects)
    masks = {name: _to_tensor(one[..., None]) for name, one in sorted(class_masks.items())}
    unaged = torch.from_numpy(degraded).permute(2, 0, 1)[None]
    return Pair(_to_tensor(printed), unaged, _to_tensor(mask[..., None]), masks, plan)


def _draw_defect(recipe: DegradationRecipe, rng: np.random.Generator, scans: Sequence[TextureScan]) -> Defect:
    ranges = recipe.defects
    papers = tuple(scan for scan in scans if scan.group == PAPER)
    overlays = tuple(scan for scan in scans if scan.group != PAPER)
    draws: list[tuple[float, Callable[[], Defect]]] = [
        (ranges.scratches.weight, lambda: ranges.scratches.draw(rng)),
        (ranges.bends.weight, lambda: ranges.bends.draw(rng)),
        (ranges.specks.weight, lambda: ranges.specks.draw(rng)),
        (ranges.stains.weight, lambda: ranges.stains.draw(rng)),
        (ranges.losses.weight, lambda: ranges.losses.draw(rng, papers)),
        (ranges.edges.weight, lambda: ranges.edges.draw(rng)),
        (ranges.textures.weight if overlays else 0.0, lambda: ranges.textures.draw(rng, overlays)),
    ]
    weights = np.array([weight for weight, _ in draws])
    _, draw = draws[int(rng.choice(len(draws), p=weights / weights.sum()))]
    return draw()


def _draw_ageing(recipe: DegradationRecipe, rng: np.random.Generator) -> tuple[Ageing, ...]:
    """A random subset of the families in random order, one step of each."""
    families = (
        recipe.blur,
        recipe.noise,
        recipe.grain,
        recipe.resolution,
        recipe.jpeg,
        recipe.fading,
        recipe.shading,
        recipe.halation,
        recipe.surface,
    )
    drawn = [family.draw(rng) for family in families if rng.random() < family.probability]
    return tuple(drawn[index] for index in rng.permutation(len(drawn)))


def _on_levels(pixels: Pixels) -> Pixels:
    """``pixels`` as an 8-bit file would hold them; damage is measured from there."""
    return np.asarray(np.rint(pixels * 255) / np.float32(255), dtype=np.float32)


def _to_tensor(pixels: np.ndarray) -> Tensor:
    """(H, W, C) to (1, C, H, W) on 8-bit levels."""
    levels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return torch.from_numpy(levels).permute(2, 0, 1)[None].contiguous().float() / 255
