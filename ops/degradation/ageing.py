"""Unstructured damage as one type: what time and printing do to every pixel. It has no mask and moves nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator

from ops.degradation.blur import AnisotropicBlur, BoxBlur, GaussianBlur, MotionBlur
from ops.degradation.fading import DyeFading, Fading, Yellowing
from ops.degradation.film_grain import FilmGrain
from ops.degradation.halation import Halation
from ops.degradation.jpeg import DoubleJpeg, Jpeg
from ops.degradation.noise import GaussianNoise, SaltAndPepper, SignalNoise, Speckle
from ops.degradation.printing import Monochrome
from ops.degradation.resolution import LowResolution
from ops.degradation.shading import Shading, Vignette
from ops.degradation.surface import PaperSurface

Ageing = Annotated[
    GaussianBlur
    | BoxBlur
    | MotionBlur
    | AnisotropicBlur
    | GaussianNoise
    | Speckle
    | SaltAndPepper
    | SignalNoise
    | FilmGrain
    | LowResolution
    | Jpeg
    | DoubleJpeg
    | Fading
    | Yellowing
    | DyeFading
    | Monochrome
    | Halation
    | Shading
    | Vignette
    | PaperSurface,
    Discriminator("kind"),
]
"""One step of ageing; each has ``apply(photo) -> photo`` on (H, W, 3) in [0, 1]."""
