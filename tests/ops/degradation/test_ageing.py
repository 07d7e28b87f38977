import numpy as np
import pytest

from ops.degradation.blur import AnisotropicBlur, BoxBlur, GaussianBlur, MotionBlur
from ops.degradation.fading import DyeFading, Fading, Yellowing
from ops.degradation.film_grain import FilmGrain
from ops.degradation.halation import Halation
from ops.degradation.jpeg import DoubleJpeg, Jpeg
from ops.degradation.noise import GaussianNoise, SaltAndPepper, SignalNoise, Speckle
from ops.degradation.pixels import Pixels
from ops.degradation.printing import BLACK, PANCHROMATIC, WHITE, Monochrome
from ops.degradation.resolution import Interpolation, LowResolution
from ops.degradation.shading import Shading, Vignette
from ops.degradation.surface import Finish, PaperSurface

BLURS = [GaussianBlur(1.2), BoxBlur(2.5), MotionBlur(5, 0.7), AnisotropicBlur(2, 0.6, 0.4)]
IDENTITIES = [
    GaussianBlur(0),
    BoxBlur(0),
    MotionBlur(0, 1),
    AnisotropicBlur(0, 0, 1),
    GaussianNoise(0, False, 1),
    Speckle(0, True, 1),
    SaltAndPepper(0, 0.5, False, 1),
    SignalNoise(0, 0, 1),
    FilmGrain(0, 0.7, 0.2, 0.3, 1),
    LowResolution(1, 1, Interpolation.CUBIC, Interpolation.NEAREST),
    Fading((1, 1, 1), (0, 0, 0)),
    Yellowing(0),
    DyeFading((0, 0, 0), (0, 0, 0)),
    Monochrome(PANCHROMATIC, BLACK, WHITE, 0),
    Halation(0, 5, 0.5, (1, 1, 1)),
    Shading(0, 0, 0.5, 0.5, 1),
    Vignette(0, 2, 0.5, 0.5),
    PaperSurface(Finish.LINEN, 0, 4, 0.3, 1),
]


def flat(level: float, side: int = 96) -> Pixels:
    return np.full((side, side, 3), level, np.float32)


def noisy(side: int = 48) -> Pixels:
    return np.random.default_rng(0).random((side, side, 3), np.float32)


@pytest.mark.parametrize("step", IDENTITIES, ids=lambda step: step.kind)
def test_ageing_without_strength_is_the_identity(step: GaussianBlur) -> None:
    assert np.array_equal(step.apply(noisy()), noisy())


@pytest.mark.parametrize("blur", BLURS, ids=lambda blur: blur.kind)
def test_a_blur_keeps_the_light_and_smooths(blur: GaussianBlur) -> None:
    photo = noisy()
    blurred = blur.apply(photo)
    assert blurred.mean() == pytest.approx(photo.mean(), abs=0.01)
    assert blurred.std() < 0.7 * photo.std()
    assert blur.apply(flat(0.4)) == pytest.approx(0.4, abs=1e-5)


def test_motion_smears_along_its_angle_only() -> None:
    point = np.zeros((21, 21, 3), np.float32)
    point[10, 10] = 1
    smeared = MotionBlur(8, 0.0).apply(point)[..., 0]
    assert smeared[10].sum() == pytest.approx(1, abs=1e-5)
    assert np.count_nonzero(smeared[10]) in (9, 10)


def test_noise_has_the_deviation_it_was_given() -> None:
    assert GaussianNoise(0.05, False, 1).apply(flat(0.5)).std() == pytest.approx(0.05, rel=0.03)
    assert Speckle(0.1, False, 1).apply(flat(0.5)).std() == pytest.approx(0.05, rel=0.03)
    assert SignalNoise(0.004, 0.02, 1).apply(flat(0.5)).std() == pytest.approx((0.002 + 0.0004) ** 0.5, rel=0.03)


def test_salt_and_pepper_hit_the_share_they_were_given() -> None:
    dotted = SaltAndPepper(0.1, 0.3, True, 1).apply(flat(0.5, 200))
    assert (dotted == 1).mean() == pytest.approx(0.03, abs=0.004)
    assert (dotted == 0).mean() == pytest.approx(0.07, abs=0.006)


@pytest.mark.parametrize("size", [0.0, 0.5, 1.0])
def test_grain_has_its_deviation_at_middle_grey_whatever_its_size(size: float) -> None:
    assert FilmGrain(0.05, size, 0.0, 0.0, 3).apply(flat(0.5, 256)).std() == pytest.approx(0.05, rel=0.06)


def test_grain_is_quieter_in_light_and_shadow_and_silver_has_no_colour() -> None:
    spread = [FilmGrain(0.05, 0.5, 0.2, 0.0, 2).apply(flat(level)).std() for level in (0.05, 0.5, 0.95)]
    assert spread[1] > 1.5 * max(spread[0], spread[2])
    silver = FilmGrain(0.05, 0.5, 0.2, 0.0, 2).apply(flat(0.5))
    assert np.array_equal(silver[..., 0], silver[..., 2])


def test_neighbouring_grains_are_correlated() -> None:
    def correlation(size: float) -> float:
        grain = FilmGrain(0.05, size, 0.0, 0.0, 3).apply(flat(0.5, 200))[..., 0]
        return float(np.corrcoef(grain[:, :-1].ravel(), grain[:, 1:].ravel())[0, 1])

    assert abs(correlation(0.0)) < 0.02
    assert correlation(1.0) == pytest.approx(np.exp(-1 / 4), abs=0.04)  # exp(-d^2 / 4 sigma^2) of a Gaussian kernel


def test_low_resolution_by_whole_factors_leaves_blocks() -> None:
    small = LowResolution(4, 4, Interpolation.AREA, Interpolation.NEAREST).apply(noisy())
    assert np.array_equal(small[::4, ::4], small[3::4, 3::4])


def test_heavier_compression_loses_more_and_a_second_one_more_again() -> None:
    errors = [float(np.abs(step.apply(noisy()) - noisy()).mean()) for step in (Jpeg(95), Jpeg(50), Jpeg(10))]
    assert errors == sorted(errors)
    assert np.abs(DoubleJpeg(50, 50, 3, 5).apply(noisy()) - noisy()).mean() > errors[1]


def test_density_is_lost_in_proportion() -> None:
    faded = DyeFading((0.5, 0.0, 0.0), (0.0, 0.0, 0.3)).apply(flat(0.25))
    assert faded[0, 0] == pytest.approx([0.5, 0.25, 0.25 * 10**-0.3], rel=1e-4)


def test_a_vignette_spares_the_centre_and_darkens_the_far_corner_by_its_depth() -> None:
    dark = Vignette(0.6, 2, 0.5, 0.5).apply(flat(1.0, 101))
    assert dark[50, 50, 0] == pytest.approx(1, abs=0.001)
    assert dark[0, 0, 0] == pytest.approx(0.4, abs=0.01)


def test_shading_is_smooth_and_stays_in_its_depth() -> None:
    shaded = Shading(0.3, 0.0, 0.5, 0.0, 3).apply(flat(0.5))
    assert 0.35 - 1e-5 <= shaded.min() < shaded.max() <= 0.65 + 1e-5
    assert np.abs(np.diff(shaded, axis=0)).max() < 0.02


def test_only_what_is_brighter_than_the_threshold_glows() -> None:
    photo = flat(0.3)
    assert np.array_equal(Halation(1, 5, 0.5, (1, 1, 1)).apply(photo), photo)
    photo[40:50, 40:50] = 1
    assert Halation(1, 5, 0.5, (1, 0.5, 0.2)).apply(photo)[45, 55, 0] > 0.33


@pytest.mark.parametrize("finish", list(Finish))
def test_a_paper_surface_has_the_depth_it_was_given_and_moves_no_tone(finish: Finish) -> None:
    printed = PaperSurface(finish, 0.03, 5.0, 0.4, 2).apply(flat(0.5, 200))
    assert printed.mean() == pytest.approx(0.5, abs=0.002)
    assert printed.std() == pytest.approx(0.015, rel=0.15)
    assert np.array_equal(printed[..., 0], printed[..., 2])


def test_linen_repeats_with_its_period_and_matte_paper_does_not() -> None:
    def repeats(finish: Finish) -> float:
        paper = PaperSurface(finish, 0.03, 6.0, 0.0, 2).apply(flat(0.5, 240))[..., 0]
        return float(np.corrcoef(paper[:, :-24].ravel(), paper[:, 24:].ravel())[0, 1])

    assert repeats(Finish.LINEN) > 0.3
    assert abs(repeats(Finish.MATTE)) < 0.2
