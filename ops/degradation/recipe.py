"""How often and how strongly photos are damaged. Every range that is drawn from stands in a recipe."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]
"""Least and greatest value of a uniform draw."""


@dataclass(frozen=True)
class DegradationRecipe:
    """Ranges of all damage.

    Attributes:
        version: changes whenever a pair drawn from the same seed would change.
        undamaged_share: share of pairs left as they are, so that a network learns to leave clean photos alone.
        defect_share: share of pairs with structured defects at all.
        num_defects: how many defects such a pair has.
        scratch_share: of the defects that are scratches or cracks; the others share the rest evenly.
        opacity: of a defect.
        ageing_probability: of each kind of ageing, drawn independently and applied in random order.
        blur_sigma: in pixels.
        grain_sigma: of film grain, [0, 1] units.
        grain_size: correlation of the grain in pixels.
        noise_sigma: of scanner noise, [0, 1] units.
        contrast: what is left of it by fading.
        lift: of the blacks by fading.
        cast: spread of gain and lift between the dyes.
        shading: depth of uneven light.
        shrink: factor of low resolution.
        jpeg_quality: 1 to 100.
        monochrome_share: share of pairs printed in one tone, in the clean photo too.
    """

    version: str
    undamaged_share: float
    defect_share: float
    num_defects: tuple[int, int]
    scratch_share: float
    opacity: Range
    ageing_probability: float
    blur_sigma: Range
    grain_sigma: Range
    grain_size: Range
    noise_sigma: Range
    contrast: Range
    lift: Range
    cast: float
    shading: Range
    shrink: Range
    jpeg_quality: tuple[int, int]
    monochrome_share: float


STANDARD_DEGRADATION = DegradationRecipe(
    version="standard-1",
    undamaged_share=0.05,
    defect_share=0.75,
    num_defects=(1, 5),
    scratch_share=0.55,
    opacity=(0.55, 1.0),
    ageing_probability=0.6,
    blur_sigma=(0.3, 1.4),
    grain_sigma=(0.01, 0.09),
    grain_size=(0.3, 1.0),
    noise_sigma=(0.0, 0.04),
    contrast=(0.7, 1.0),
    lift=(0.0, 0.12),
    cast=0.06,
    shading=(0.0, 0.12),
    shrink=(1.0, 1.8),
    jpeg_quality=(40, 98),
    monochrome_share=0.25,
)

PAPER_DEGRADATION = DegradationRecipe(
    version="paper-1",
    undamaged_share=0.0,
    defect_share=0.5,
    num_defects=(1, 6),
    scratch_share=0.5,
    opacity=(0.6, 1.0),
    ageing_probability=0.7,
    blur_sigma=(1.0, 5.0),
    grain_sigma=(5 / 255, 50 / 255),
    grain_size=(0.0, 0.5),
    noise_sigma=(5 / 255, 50 / 255),
    contrast=(0.6, 1.0),
    lift=(0.0, 0.15),
    cast=0.1,
    shading=(0.0, 0.0),
    shrink=(1.0, 2.0),
    jpeg_quality=(40, 100),
    monochrome_share=0.1,
)
