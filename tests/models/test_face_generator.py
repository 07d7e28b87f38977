from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from models.face import FaceGenerator, FaceGeneratorConfig, FaceNorm, PixelNorm, Start

PUBLISHED = FaceGeneratorConfig(
    start_px=8,
    widths=((1024,), (1024, 1024), (512,), (256,), (128,), (64,)),
    condition_width=128,
    injection_px=(8, 16, 32, 64, 128, 256),
    start=Start.FACE,
    latent_size=0,
    norm=FaceNorm.BATCH,
    is_spectral=True,
    has_pixel_shortcut=False,
)
SMALL = FaceGeneratorConfig(
    4, ((6,), (6,), (4,)), 4, (4, 8, 16), Start.FACE, 0, FaceNorm.PIXEL, is_spectral=True, has_pixel_shortcut=False
)


@pytest.mark.parametrize(("start_px", "canvas_px"), [(8, 256), (16, 512)])
def test_the_parameter_count_is_that_of_the_published_generator(start_px: int, canvas_px: int) -> None:
    config = replace(PUBLISHED, start_px=start_px, injection_px=tuple(start_px * 2**level for level in range(6)))
    with torch.device("meta"):
        generator = FaceGenerator(replace(config, is_spectral=False))  # the norm adds no parameter
    assert config.canvas_px == canvas_px
    assert sum(parameter.numel() for parameter in generator.parameters()) == 92_059_587


@pytest.mark.parametrize("start", list(Start))
def test_a_face_keeps_its_size_and_range(start: Start) -> None:
    restored = FaceGenerator(replace(SMALL, start=start, latent_size=5)).eval()(torch.rand(2, 3, 16, 16))
    assert restored.shape == (2, 3, 16, 16)
    assert 0 <= restored.min() <= restored.max() <= 1


def test_no_face_touches_another_outside_training() -> None:
    generator, faces = FaceGenerator(SMALL).eval(), torch.rand(3, 3, 16, 16)
    assert_close(generator(faces)[1:2], generator(faces[1:2]))


def test_with_the_shortcut_an_untrained_generator_leaves_the_face_as_it_is() -> None:
    generator, faces = FaceGenerator(replace(SMALL, has_pixel_shortcut=True)), torch.rand(2, 3, 16, 16)
    assert torch.equal(generator(faces), faces)


def test_only_the_injected_scales_see_the_face() -> None:
    config = replace(SMALL, start=Start.LATENT, latent_size=5, injection_px=())
    generator = FaceGenerator(config).eval()
    assert torch.equal(generator(torch.rand(1, 3, 16, 16)), generator(torch.rand(1, 3, 16, 16)))
    seeing = FaceGenerator(replace(config, injection_px=(4,))).eval()
    fine = torch.rand(1, 3, 16, 16)
    coarse = torch.nn.functional.avg_pool2d(fine, 4).repeat_interleave(4, -1).repeat_interleave(4, -2)
    assert_close(seeing(fine), seeing(coarse))  # the 4 px scale is shown nothing finer than 4 px
    assert not torch.equal(seeing(fine), seeing(1 - fine))


def test_the_latent_decides_where_the_face_does_not() -> None:
    generator = FaceGenerator(replace(SMALL, start=Start.LATENT, latent_size=5)).eval()
    face = torch.rand(1, 3, 16, 16)
    assert not torch.equal(generator(face, torch.randn(1, 5)), generator(face, torch.randn(1, 5)))
    assert torch.equal(generator(face), generator(face, torch.zeros(1, 5)))


def test_a_scale_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="the scales are"):
        FaceGenerator(replace(SMALL, injection_px=(5,)))


def test_a_face_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="restores 16 x 16"):
        FaceGenerator(SMALL)(torch.rand(1, 3, 32, 32))


def test_with_the_pixel_norm_no_face_touches_another_in_training_either() -> None:
    generator, faces = FaceGenerator(replace(SMALL, is_spectral=False)).train(), torch.rand(3, 3, 16, 16)
    assert_close(generator(faces)[1:2], generator(faces[1:2]))
    assert_close(generator(faces), generator.eval()(faces))


def test_the_pixel_norm_gives_every_cell_the_same_power() -> None:
    normal = PixelNorm()(torch.randn(2, 8, 4, 4) * torch.rand(2, 1, 4, 4).add(0.5))
    assert_close(normal.square().mean(dim=1), torch.ones(2, 4, 4), atol=1e-4, rtol=0)


def test_a_grown_generator_keeps_all_scales_of_the_smaller_one() -> None:
    smaller, grown = FaceGenerator(SMALL.without_last_scale()), FaceGenerator(SMALL)
    grown.grow_from(smaller)
    seen: dict[FaceGenerator, torch.Tensor] = {}
    for generator in (smaller, grown):
        finest_shared = generator.get_submodule("scales.1.0")
        finest_shared.register_forward_hook(partial(_keep, seen, generator))
    face = torch.rand(1, 3, 16, 16)
    smaller.eval()(torch.nn.functional.avg_pool2d(face, 2))
    grown.eval()(face)
    assert_close(seen[grown], seen[smaller])


def _keep(
    seen: dict[FaceGenerator, torch.Tensor], generator: FaceGenerator, _: nn.Module, __: object, features: torch.Tensor
) -> None:
    seen[generator] = features


def test_only_a_generator_without_the_last_scale_can_grow() -> None:
    assert SMALL.without_last_scale().canvas_px == SMALL.canvas_px // 2
    with pytest.raises(RuntimeError, match="Unexpected"):
        FaceGenerator(SMALL.without_last_scale()).grow_from(FaceGenerator(SMALL))
