"""How often and how strongly photos are damaged: the type of a recipe, the paper's numbers, and ours."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from ops.degradation.bends import BendRanges
from ops.degradation.blur import BlurRanges
from ops.degradation.edges import EdgeRanges
from ops.degradation.fading import FadingRanges
from ops.degradation.film_grain import GrainRanges
from ops.degradation.halation import HalationRanges
from ops.degradation.jpeg import JpegRanges
from ops.degradation.lost_picture import LossRanges
from ops.degradation.noise import NoiseRanges
from ops.degradation.paint import Blend, PaintRanges
from ops.degradation.printing import PrintRanges
from ops.degradation.resolution import Interpolation, ResolutionRanges
from ops.degradation.scratches import ScratchRanges
from ops.degradation.shading import ShadingRanges
from ops.degradation.specks import SpeckRanges
from ops.degradation.stains import StainRanges
from ops.degradation.surface import SurfaceRanges
from ops.degradation.texture_scans import TextureRanges


@dataclass(frozen=True)
class DefectRanges:
    """Structured damage.

    Attributes:
        probability: that a photo has any.
        count: least and greatest number of defects such a photo has; which ones follows from the weights below.
        scratches: scratches and scuffs.
        bends: cracks, folds, creases and craquelure.
        specks: dust, hairs and spots.
        stains: stains, foxing and tape.
        losses: holes and flaked emulsion.
        edges: torn and worn edges.
        textures: scanned textures, when a folder of them is given.
    """

    probability: float
    count: tuple[int, int]
    scratches: ScratchRanges
    bends: BendRanges
    specks: SpeckRanges
    stains: StainRanges
    losses: LossRanges
    edges: EdgeRanges
    textures: TextureRanges


@dataclass(frozen=True)
class DegradationRecipe:
    """All ranges and probabilities.

    Attributes:
        version: changes whenever a pair drawn from the same seed would change.
        undamaged_share: of photos left as they are, so that a network learns to leave clean photos alone.
        prints: prints in one tone; the clean photo is printed too.
        defects: structured damage, first in time.
        blur: and the others below: families of ageing, a random subset in random order.
        noise: of sensors and scanners.
        grain: of the film.
        resolution: lost and not regained.
        jpeg: compression.
        fading: of contrast, paper and dyes.
        shading: uneven light and vignettes.
        halation: glow of the highlights.
        surface: of the paper of prints.
    """

    version: str
    undamaged_share: float
    prints: PrintRanges
    defects: DefectRanges
    blur: BlurRanges
    noise: NoiseRanges
    grain: GrainRanges
    resolution: ResolutionRanges
    jpeg: JpegRanges
    fading: FadingRanges
    shading: ShadingRanges
    halation: HalationRanges
    surface: SurfaceRanges


_RECIPE = TypeAdapter(DegradationRecipe)


def recipe_to_json(recipe: DegradationRecipe) -> str:
    """``recipe`` as JSON, to lie beside what was made with it."""
    return _RECIPE.dump_json(recipe, indent=1).decode()


def recipe_from_json(text: str) -> DegradationRecipe:
    """The recipe that ``recipe_to_json`` wrote.

    Raises:
        ValueError: ``text`` is no recipe; pydantic names the place.
    """
    return _RECIPE.validate_json(text)


STANDARD_DEGRADATION = DegradationRecipe(
    version="standard-4",
    undamaged_share=0.05,
    prints=PrintRanges(probability=0.55, toned_share=0.15, orthochromatic_share=0.3, grey_scan_share=0.85),
    defects=DefectRanges(
        probability=0.8,
        count=(1, 5),
        scratches=ScratchRanges(
            weight=0.30,
            scuff_share=0.15,
            running_share=0.2,
            length=(0.15, 1.3),
            width=(0.6, 2.4),
            gaps=(0.0, 0.6),
            upright_share=0.4,
            scuff_size=(0.15, 0.6),
            paint=PaintRanges(opacity=(0.55, 1.0), dark_share=0.3, light=(0.7, 1.0), depth=(0.4, 0.9), warmth=0.2),
        ),
        bends=BendRanges(
            weight=0.3,
            shares=(0.35, 0.4, 0.1, 0.15),
            length=(0.3, 1.4),
            width=(1.0, 7.0),
            wear=(0.3, 0.9),
            relief=(0.05, 0.25),
            net_size=(0.25, 0.9),
            cell=(9.0, 40.0),
            dark_share=0.4,
        ),
        specks=SpeckRanges(
            weight=0.22,
            shares=(0.6, 0.25, 0.15),
            density=(8.0, 250.0),
            size=(0.5, 1.1),
            hair_length=(0.1, 0.45),
            hair_width=(0.9, 2.2),
            spot_size=(0.008, 0.03),
            paint=PaintRanges(opacity=(0.5, 1.0), dark_share=0.45, light=(0.7, 1.0), depth=(0.4, 0.9), warmth=0.2),
        ),
        stains=StainRanges(
            weight=0.1,
            shares=(0.5, 0.35, 0.15),
            size=(0.12, 0.45),
            foxing_size=(0.006, 0.025),
            tape_width=(0.07, 0.16),
            opacity=(0.4, 0.9),
            depth=(0.25, 0.7),
        ),
        losses=LossRanges(
            weight=0.08,
            hole_share=0.5,
            size=(0.03, 0.13),
            feather=(1.0, 8.0),
            flaked_size=(0.1, 0.35),
            grain=(10.0, 30.0),
        ),
        edges=EdgeRanges(
            weight=0.05,
            torn_share=0.4,
            torn_depth=(0.03, 0.14),
            core=(1.0, 4.0),
            worn_depth=(0.02, 0.07),
            wear=(0.1, 0.6),
        ),
        textures=TextureRanges(
            weight=0.25,
            size=(0.3, 1.2),
            bend=(0.0, 12.0),
            paint=PaintRanges(opacity=(0.4, 1.0), dark_share=0.4, light=(0.7, 1.0), depth=(0.4, 0.9), warmth=0.2),
        ),
    ),
    blur=BlurRanges(
        probability=0.75, weights=(0.5, 0.15, 0.15, 0.2), sigma=(0.4, 1.6), taps=(), width=(0.5, 3.0), length=(1, 4)
    ),
    noise=NoiseRanges(
        probability=0.5,
        weights=(0.35, 0.2, 0.05, 0.4),
        sigma=(0.002, 0.007),
        grey_share=0.7,
        amount=(0.0, 0.006),
        salt=(0.3, 0.8),
    ),
    grain=GrainRanges(probability=0.65, sigma=(0.003, 0.022), size=(0.2, 0.7), clumping=(0.0, 0.15), colour_share=0.2),
    resolution=ResolutionRanges(
        probability=0.5,
        shrink=(1.0, 1.8),
        uneven_share=0.2,
        down=(Interpolation.AREA, Interpolation.LINEAR, Interpolation.CUBIC, Interpolation.LANCZOS),
        up=(Interpolation.LINEAR, Interpolation.CUBIC, Interpolation.LANCZOS, Interpolation.NEAREST),
    ),
    jpeg=JpegRanges(probability=0.6, quality=(40, 98), twice_share=0.25),
    fading=FadingRanges(
        probability=0.5,
        weights=(0.15, 0.2, 0.65),
        contrast=(0.7, 1.0),
        lift=(0.0, 0.12),
        cast=0.06,
        yellow=(0.1, 0.7),
        loss=(0.15, 0.75),
        stain=(0.0, 0.1),
    ),
    shading=ShadingRanges(
        probability=0.5, vignette_share=0.4, gain=(0.0, 0.15), lift=(0.0, 0.06), cell=(0.4, 1.2), depth=(0.1, 0.4)
    ),
    halation=HalationRanges(probability=0.15, strength=(0.1, 0.5), radius=(2.0, 12.0)),
    surface=SurfaceRanges(probability=0.15, shares=(0.6, 0.2, 0.2), depth=(0.005, 0.04), period=(3.0, 8.0)),
)
"""Ours: everything that albums hold, subtle more often than gross."""

_PAPER_PAINT = PaintRanges(
    opacity=(0.2, 1.0),
    dark_share=0.0,
    light=(0.7, 1.0),
    depth=(0.4, 0.9),
    warmth=0.0,
    blends=(Blend.ADD, Blend.LIGHTEN, Blend.SCREEN),
)

PAPER_DEGRADATION = replace(
    STANDARD_DEGRADATION,
    version="paper-3",
    undamaged_share=0.0,
    prints=PrintRanges(probability=0.1, toned_share=0.0, orthochromatic_share=0.0, grey_scan_share=1.0),
    defects=replace(
        STANDARD_DEGRADATION.defects,
        probability=0.5,
        count=(1, 6),
        scratches=replace(
            STANDARD_DEGRADATION.defects.scratches,
            weight=0.6,
            running_share=0.0,
            paint=_PAPER_PAINT,
        ),
        textures=replace(STANDARD_DEGRADATION.defects.textures, paint=_PAPER_PAINT),
        bends=replace(STANDARD_DEGRADATION.defects.bends, weight=0.0),
        specks=replace(STANDARD_DEGRADATION.defects.specks, weight=0.0),
        stains=replace(STANDARD_DEGRADATION.defects.stains, weight=0.0),
        losses=replace(STANDARD_DEGRADATION.defects.losses, weight=0.4, hole_share=1.0),
        edges=replace(STANDARD_DEGRADATION.defects.edges, weight=0.0),
    ),
    blur=BlurRanges(probability=0.7, weights=(1, 0, 0, 0), sigma=(1, 5), taps=(3, 5, 7), width=(0, 0), length=(0, 0)),
    noise=NoiseRanges(
        probability=0.7,
        weights=(1, 1, 1, 0),
        sigma=(5 / 255, 50 / 255),
        grey_share=0.0,
        amount=(0.0, 0.01),
        salt=(0.3, 0.8),
    ),
    grain=replace(STANDARD_DEGRADATION.grain, probability=0.7, sigma=(0.01, 0.06), colour_share=0.0),
    resolution=ResolutionRanges(
        probability=0.7,
        shrink=(1.0, 2.0),
        uneven_share=1.0,
        down=(Interpolation.CUBIC,),
        up=(Interpolation.NEAREST, Interpolation.LINEAR),
    ),
    jpeg=JpegRanges(probability=0.7, quality=(40, 100), twice_share=0.0),
    fading=replace(
        STANDARD_DEGRADATION.fading, probability=0.7, weights=(1, 0, 0), contrast=(0.6, 1.0), lift=(0.0, 0.15), cast=0.1
    ),
    shading=replace(STANDARD_DEGRADATION.shading, probability=0.0),
    halation=replace(STANDARD_DEGRADATION.halation, probability=0.0),
    surface=replace(STANDARD_DEGRADATION.surface, probability=0.0),
)
"""The public code's numbers where it has them: blur, noise, resolution, JPEG, probability 0.7, one grey photo in ten.

Its scratches, holes, grain and fading were never published. As the report describes them, scratches are light, by
addition, lighten-only or screen at random opacity, holes show paper, and grain is "of random amount"; in our shapes.
"""
