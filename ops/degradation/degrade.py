"""From a clean photo to a degraded one: first a plan of numbers is drawn, then the plan is applied.

The plan alone decides the pixels. It is JSON, so whoever keeps it can make the same pair again, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ops.degradation.ageing import Ageing, Blur, Fading, Grain, Jpeg, LowResolution, Monochrome, Noise, Pixels, Shading
from ops.degradation.defects import Blend, Defect, Shape
from ops.degradation.recipe import DegradationRecipe, Range

_BRIGHT = (Blend.ADD, Blend.LIGHTEN, Blend.SCREEN, Blend.COVER)
_SEPIA = (1.0, 0.93, 0.8)


@dataclass(frozen=True)
class Plan:
    """Everything that was drawn for one pair: the print, the defects, then the ageing in the order it happens."""

    recipe_version: str
    monochrome: Monochrome | None
    defects: tuple[Defect, ...]
    ageing: tuple[Ageing, ...]


@dataclass(frozen=True)
class Pair:
    """``clean`` and ``degraded`` (1, 3, H, W) and ``mask`` (1, 1, H, W), all in [0, 1] on 8-bit levels; the plan."""

    clean: Tensor
    degraded: Tensor
    mask: Tensor
    plan: Plan


def degrade(clean: Tensor, recipe: DegradationRecipe, generator: torch.Generator) -> Pair:
    """Damage ``clean`` (1, 3, H, W) in [0, 1] by a freshly drawn plan."""
    return apply_plan(clean, draw_plan(recipe, generator))


def draw_plan(recipe: DegradationRecipe, generator: torch.Generator) -> Plan:
    """Draw a plan; the state of ``generator`` is the only source of chance."""
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    monochrome = None
    if rng.random() < recipe.monochrome_share:
        monochrome = Monochrome(_SEPIA if rng.random() < 0.5 else (1.0, 1.0, 1.0))
    if rng.random() < recipe.undamaged_share:
        return Plan(recipe.version, monochrome, (), ())
    defects: tuple[Defect, ...] = ()
    if rng.random() < recipe.defect_share:
        count = int(rng.integers(recipe.num_defects[0], recipe.num_defects[1] + 1))
        defects = tuple(_draw_defect(recipe, rng) for _ in range(count))
    drawn = [step for step in _draw_ageing(recipe, rng) if rng.random() < recipe.ageing_probability]
    return Plan(recipe.version, monochrome, defects, tuple(drawn[index] for index in rng.permutation(len(drawn))))


def apply_plan(clean: Tensor, plan: Plan) -> Pair:
    """Damage ``clean`` (1, 3, H, W) in [0, 1] by ``plan``; the structured damage comes first, as in the report.

    The mask describes the structured damage: 0 exactly where no defect touched the photo.
    """
    photo: Pixels = np.ascontiguousarray(clean[0].permute(1, 2, 0).numpy(), dtype=np.float32)
    if plan.monochrome is not None:
        photo = plan.monochrome.apply(photo)
    truth = photo
    mask = np.zeros(photo.shape[:2], np.float32)
    for defect in plan.defects:
        photo, opacity = defect.apply(photo)
        mask = np.maximum(mask, opacity)
    for step in plan.ageing:
        photo = step.apply(photo)
    return Pair(_to_tensor(truth), _to_tensor(photo), _to_tensor(mask[..., None]), plan)


def _draw_defect(recipe: DegradationRecipe, rng: np.random.Generator) -> Defect:
    lines, patches = (Shape.SCRATCH, Shape.CRACK), (Shape.DUST, Shape.HAIR, Shape.STAIN, Shape.HOLE)
    group = lines if rng.random() < recipe.scratch_share else patches
    shape = group[int(rng.integers(len(group)))]
    is_bright = rng.random() < 0.7
    blend = _BRIGHT[int(rng.integers(len(_BRIGHT)))] if is_bright else Blend.MULTIPLY
    level = rng.uniform(0.65, 1.0) if is_bright else rng.uniform(0.05, 0.5)
    if shape is Shape.HOLE:
        blend = Blend.COVER
    tint = 1 - rng.uniform(0, 0.15) * np.array([0.0, 0.4, 1.0])
    red, green, blue = (float(value) for value in level * tint)
    strength = 1.0 if shape is Shape.HOLE else _uniform(recipe.opacity, rng)
    return Defect(shape, blend, (red, green, blue), strength, int(rng.integers(2**31)))


def _draw_ageing(recipe: DegradationRecipe, rng: np.random.Generator) -> list[Ageing]:
    contrast, lift = _uniform(recipe.contrast, rng), _uniform(recipe.lift, rng)
    gain_cast, lift_cast = rng.uniform(-recipe.cast, recipe.cast, (2, 3))
    gains = [float(contrast * (1 + cast)) for cast in gain_cast]
    lifts = [float(max(0.0, lift * (1 + 2 * cast))) for cast in lift_cast]
    return [
        Blur(_uniform(recipe.blur_sigma, rng)),
        Grain(_uniform(recipe.grain_sigma, rng), _uniform(recipe.grain_size, rng), int(rng.integers(2**31))),
        Noise(_uniform(recipe.noise_sigma, rng), int(rng.integers(2**31))),
        Fading((gains[0], gains[1], gains[2]), (lifts[0], lifts[1], lifts[2])),
        Shading(_uniform(recipe.shading, rng), int(rng.integers(2**31))),
        LowResolution(_uniform(recipe.shrink, rng), bool(rng.random() < 0.7)),
        Jpeg(int(rng.integers(recipe.jpeg_quality[0], recipe.jpeg_quality[1] + 1))),
    ]


def _uniform(limits: Range, rng: np.random.Generator) -> float:
    return float(rng.uniform(*limits))


def _to_tensor(pixels: np.ndarray) -> Tensor:
    """(H, W, C) to (1, C, H, W) on 8-bit levels, as a file would hold it."""
    levels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return torch.from_numpy(levels).permute(2, 0, 1)[None].contiguous().float() / 255
