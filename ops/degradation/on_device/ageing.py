"""The ageing of a batch of photos on the device of their tensor, for training; what differs is in docs/decisions/0010.

The numpy form, ``apply`` of each step, stays the one that decides: frozen pairs are made by it and can be made again to
the byte. Blur, resolution, tone and light are the same here but for rounding; noise, grain and paper surfaces are drawn
by a generator of the device and only alike; JPEG goes through the same codec on the CPU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from torch import Tensor

from ops.degradation.blur import AnisotropicBlur, BoxBlur, GaussianBlur, MotionBlur
from ops.degradation.fading import DyeFading, Fading, Yellowing
from ops.degradation.film_grain import FilmGrain
from ops.degradation.halation import Halation
from ops.degradation.jpeg import DoubleJpeg, Jpeg
from ops.degradation.noise import GaussianNoise, SaltAndPepper, SignalNoise, Speckle
from ops.degradation.on_device.blur import anisotropic_blur, box_blur, gaussian_blur, motion_blur
from ops.degradation.on_device.jpeg import through_the_codec
from ops.degradation.on_device.light import halation, shading, vignette
from ops.degradation.on_device.noise import film_grain, gaussian_noise, salt_and_pepper, signal_noise, speckle
from ops.degradation.on_device.resolution import low_resolution
from ops.degradation.on_device.surface import paper_surface
from ops.degradation.on_device.tone import dye_fading, fading, monochrome, yellowing
from ops.degradation.plan import Plan
from ops.degradation.printing import Monochrome
from ops.degradation.resolution import LowResolution
from ops.degradation.shading import Shading, Vignette
from ops.degradation.surface import PaperSurface

BatchForm = Callable[[Tensor, Sequence[Any]], Tensor]
"""(N, 3, H, W) in [0, 1] and one step for each photo, all of one type, to (N, 3, H, W) in [0, 1]."""

BATCH_FORMS: Final[Mapping[type[object], BatchForm]] = {
    GaussianBlur: gaussian_blur,
    BoxBlur: box_blur,
    MotionBlur: motion_blur,
    AnisotropicBlur: anisotropic_blur,
    GaussianNoise: gaussian_noise,
    Speckle: speckle,
    SaltAndPepper: salt_and_pepper,
    SignalNoise: signal_noise,
    FilmGrain: film_grain,
    LowResolution: low_resolution,
    Jpeg: through_the_codec,
    DoubleJpeg: through_the_codec,
    Fading: fading,
    Yellowing: yellowing,
    DyeFading: dye_fading,
    Monochrome: monochrome,
    Halation: halation,
    Shading: shading,
    Vignette: vignette,
    PaperSurface: paper_surface,
}
"""The form of each type of ``Ageing``."""


def aged_on_device(photos: Tensor, plans: Sequence[Plan]) -> Tensor:
    """Age each photo by the steps of its own plan, in their order, where ``photos`` lie.

    The steps of different photos come in different orders. Of all steps that are next in some photo, the most frequent
    type goes first, and takes every photo that waits for it along.

    Args:
        photos: (N, 3, H, W) in [0, 1], with the structured damage already on them; they stay as they are.
        plans: one for each photo; only ``ageing`` is read, and its seeds are the only source of chance.

    Returns:
        (N, 3, H, W) in [0, 1] on the same device, not yet on 8-bit levels.

    Raises:
        ValueError: there is not one plan for each photo, or one was drawn for another size.
    """
    sizes = {(plan.height, plan.width) for plan in plans}
    if len(photos) != len(plans) or not sizes <= {tuple(photos.shape[-2:])}:
        raise ValueError(
            f"{len(plans)} plans for photos of {sorted(sizes)} (height, width) do not fit photos of shape "
            f"{tuple(photos.shape)}; draw one plan of that size for each photo"
        )
    aged = photos.clone()
    waiting = [list(plan.ageing) for plan in plans]
    while any(waiting):
        kind, _ = Counter(type(steps[0]) for steps in waiting if steps).most_common(1)[0]
        chosen = [number for number, steps in enumerate(waiting) if steps and type(steps[0]) is kind]
        aged[chosen] = BATCH_FORMS[kind](aged[chosen], [waiting[number].pop(0) for number in chosen])
    return aged
