"""One damage at one strength: to look at it, to explain it, and to test its laws."""

from __future__ import annotations

from typing import Final

from ops.degradation.ageing import Ageing
from ops.degradation.blur import AnisotropicBlur, BoxBlur, GaussianBlur, MotionBlur
from ops.degradation.cracks import Crack, Craquelure
from ops.degradation.defects import Defect
from ops.degradation.edges import TornEdge, WornEdge
from ops.degradation.fading import DyeFading, Fading, Yellowing
from ops.degradation.film_grain import FilmGrain
from ops.degradation.folds import Crease, Fold
from ops.degradation.halation import Halation
from ops.degradation.jpeg import DoubleJpeg, Jpeg
from ops.degradation.lost_picture import EmulsionLoss, Hole
from ops.degradation.noise import GaussianNoise, SaltAndPepper, SignalNoise, Speckle
from ops.degradation.paint import Blend, Paint
from ops.degradation.plan import Plan
from ops.degradation.printing import BLACK, PANCHROMATIC, SEPIA_LIGHT, SEPIA_SHADOW, WHITE, Monochrome
from ops.degradation.resolution import Interpolation, LowResolution
from ops.degradation.scratches import RunningLine, Scratch, Scuff
from ops.degradation.shading import Shading, Vignette
from ops.degradation.specks import Dust, Hair, Spot
from ops.degradation.stains import Foxing, Stain, Tape
from ops.degradation.surface import Finish, PaperSurface


def single_damage_plan(name: str, strength: float, height: int, width: int, seed: int) -> Plan:
    """The plan of one damage, from the identity at ``strength`` 0 to as bad as albums hold at 1.

    Args:
        name: one of ``DAMAGE_NAMES``.
        strength: in [0, 1].
        height: of the photo, in pixels.
        width: of the photo, in pixels.
        seed: of what is random in the damage, 0 or more; for defects also where they lie.

    Raises:
        ValueError: no such damage, or a strength outside [0, 1].
    """
    if name not in DAMAGE_NAMES:
        raise ValueError(f"there is no damage {name!r}; choose one of {', '.join(DAMAGE_NAMES)}")
    if not 0 <= strength <= 1:
        raise ValueError(f"the strength of a damage is in [0, 1], got {strength}")
    defects, ageing = _defects(strength, seed), _ageing(strength, seed)
    return Plan(
        recipe_version=f"single-3:{name}",
        height=height,
        width=width,
        monochrome=None,
        defects=(defects[name],) if strength > 0 and name in defects else (),
        ageing=(ageing[name],) if strength > 0 and name in ageing else (),
    )


def _ageing(s: float, seed: int) -> dict[str, Ageing]:
    """Every ageing at strength ``s``."""
    angle = seed * 0.57 % 3.14
    gain, lift = 1 - 0.6 * s, 0.28 * s
    quality = round(100 * 0.12**s)  # 35 half way: equal steps of quality would look harmless until the last
    return {
        "gaussian_blur": GaussianBlur(3 * s),
        "box_blur": BoxBlur(7 * s),
        "motion_blur": MotionBlur(12 * s, angle),
        "anisotropic_blur": AnisotropicBlur(4 * s, s, angle),
        "gaussian_noise": GaussianNoise(0.2 * s, False, seed),
        "speckle": Speckle(0.3 * s, False, seed),
        "salt_and_pepper": SaltAndPepper(0.05 * s, 0.5, False, seed),
        "signal_noise": SignalNoise(0.03 * s**2, 0.02 * s, seed),
        "film_grain": FilmGrain(0.15 * s, 0.6, 0.1, 0.0, seed),
        "low_resolution": LowResolution(1 + 4 * s, 1 + 4 * s, Interpolation.AREA, Interpolation.CUBIC),
        "jpeg": Jpeg(quality),
        "double_jpeg": DoubleJpeg(quality, min(quality + 5, 100), 1 + seed % 7, 1 + seed // 7 % 7),
        "fading": Fading((gain, gain, 0.95 * gain + 0.05), (lift, 0.95 * lift, 0.85 * lift)),
        "yellowing": Yellowing(s),
        "dye_fading": DyeFading((0.7 * s, 0.45 * s, 0.25 * s), (0.0, 0.05 * s, 0.15 * s)),
        "black_and_white": Monochrome(PANCHROMATIC, BLACK, WHITE, s),
        "sepia": Monochrome(PANCHROMATIC, SEPIA_SHADOW, SEPIA_LIGHT, s),
        "halation": Halation(0.8 * s, 10, 0.5, (1.0, 0.5, 0.25)),
        "shading": Shading(0.45 * s, 0.2 * s, 0.6, 0.6, seed),
        "vignette": Vignette(0.8 * s, 2, 0.5, 0.5),
        "matte_paper": PaperSurface(Finish.MATTE, 0.08 * s, 2.0, angle, seed),
        "linen_paper": PaperSurface(Finish.LINEN, 0.08 * s, 5.0, angle, seed),
        "silk_paper": PaperSurface(Finish.SILK, 0.08 * s, 6.0, angle, seed),
    }


def _defects(s: float, seed: int) -> dict[str, Defect]:
    """Every defect at strength ``s``, at a place that ``seed`` decides.

    Where the picture is gone it is gone at any strength: there ``s`` is size and number. Elsewhere it is depth as well.
    """
    x, y, turn = 0.2 + 0.6 * (seed * 0.618 % 1), 0.2 + 0.6 * (seed * 0.755 % 1), 6.28 * (seed * 0.57 % 1)
    bright, dark = Paint(Blend.SCREEN, (0.95, 0.93, 0.88), s), Paint(Blend.MULTIPLY, (0.2, 0.18, 0.15), s)
    paper, brown = Paint(Blend.COVER, (0.93, 0.9, 0.83), 1.0), Paint(Blend.MULTIPLY, (0.75, 0.5, 0.3), s)
    dirt, rust = Paint(Blend.MULTIPLY, (0.2, 0.18, 0.15), 0.9), Paint(Blend.MULTIPLY, (0.62, 0.36, 0.16), 1.0)
    white, yellow = Paint(Blend.COVER, (0.95, 0.93, 0.88), 0.95), Paint(Blend.MULTIPLY, (0.88, 0.74, 0.5), s)
    return {
        "scratch": Scratch(x, y, turn, 1.0, 1.8, 0.02, 0.25, 1 + seed % 3, bright, seed),
        "scuff": Scuff(x, y, turn, 0.6, 40, 1.0, bright, seed),
        "running_line": RunningLine(x, 0.1, 1.6, 0.4, 3, bright, seed),
        "crack": Crack(x, y, turn, 1.1 * s, 5.0 * s, round(12 * s), paper, seed),
        "craquelure": Craquelure(x, y, 0.6 * s, 22, 2.2, paper, seed),
        "fold": Fold(x, y, turn, 7.0 * s, 0.3 + 0.5 * s, 0.3 * s, round(8 * s), paper, seed),
        "crease": Crease(x, y, turn, 0.5, 0.5, 2.5, 0.4 * s, seed),
        "dust": Dust(180 * s, 1.0, 0.4, white, dirt, seed),
        "hair": Hair(x, y, turn, 0.6 * s, 2.5, min(2.2, 4 * s), Paint(dirt.blend, dirt.colour, min(1.0, 3 * s)), seed),
        "spot": Spot(7, 0.025, 0.4, dark, seed),
        "stain": Stain(x, y, 0.35, 0.8, brown, seed),
        "foxing": Foxing(round(60 * s), 0.02 * (0.5 + 0.5 * s), rust, seed),
        "tape": Tape(x, y, turn, 0.9, 0.14, yellow, seed),
        "torn_edge": TornEdge(turn, 0.2 * s, 3.0, (0.05, 0.05, 0.05), paper, seed),
        "worn_edge": WornEdge(0.08 * s, 0.5, paper, seed),
        "emulsion_loss": EmulsionLoss(x, y, 0.38 * s, 20, paper, seed),
        "hole": Hole(x, y, 0.18 * s, 1.5, turn, 3.0, paper, seed),
    }


DAMAGE_NAMES: Final = (*_defects(1, 0), *_ageing(1, 0))
"""What ``single_damage_plan`` knows: defects, then ageing."""
