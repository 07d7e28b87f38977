from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.testing import assert_close

from ops.age import AgeRule
from ops.detection.finder import DefectFinder
from ops.detection.second_look import shrunk
from ops.faces.enhance import EnhancedFaces
from ops.releases import assemble
from ops.restoration import PhotoRestorer
from ops.tiles import Tiling
from ops.tone import ToneRestorer
from tests.ops.small_networks import CONFIG, constant_age, make_find_two_kinds, small_weights, sure_reader


def restorer(
    folder: Path,
    tiling: Tiling = CONFIG.tiling,
    strength: float = 1.0,
    threshold: float = 0.5,
    sure: float = 0.0,
    confirm: Sequence[float] = (),
    margin_px: int = CONFIG.margin_px,
) -> PhotoRestorer:
    torch.manual_seed(2)
    networks = assemble(replace(CONFIG, tiling=tiling), small_weights(folder))
    kinds = networks.kinds
    finder = DefectFinder(
        networks.detector, threshold, tiling.tile_px, sure=sure, confirm=confirm, kinds=kinds, margin_px=margin_px
    )
    return PhotoRestorer(finder, networks.triplet, tiling, strength)


def scratched(height: int, width: int) -> Tensor:
    """A mask with soft scratches, wholly damaged ones and a hole."""
    mask = torch.zeros(1, 1, height, width)
    mask[..., 7::61, :] = 0.4
    mask[..., 30 : 30 + height // 3, : width // 4] = 1
    mask[..., :, width // 2] = 1
    return mask


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 90), (130, 71)])
def test_the_result_has_the_size_and_range_of_the_photo(tmp_path: Path, height: int, width: int) -> None:
    restoration = restorer(tmp_path)(torch.rand(1, 3, height, width))
    assert restoration.restored.shape == (1, 3, height, width)
    assert restoration.mask.shape == (1, 1, height, width)
    assert 0 <= restoration.restored.min() <= restoration.restored.max() <= 1


def test_without_strength_the_photo_comes_back_as_it_was(tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 40, 40)
    assert torch.equal(restorer(tmp_path, strength=0.0)(photo).restored, photo)


@pytest.mark.parametrize(("height", "width"), [(301, 263), (222, 507), (256, 256), (331, 5)])
@pytest.mark.parametrize("max_sources", [16_384, 700])
def test_a_photo_in_tiles_equals_the_photo_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, height: int, width: int, max_sources: int
) -> None:
    monkeypatch.setattr("models.mapping.MAX_SOURCES", max_sources)
    tiled = restorer(tmp_path, Tiling(tile_px=36, halo_px=0))
    photo, mask = torch.rand(1, 3, height, width), scratched(height, width)
    restoration = tiled(photo, mask)
    with torch.inference_mode():
        whole = tiled.network(photo, mask).restored.clamp(0, 1)
        without_attention = tiled.network(photo, torch.zeros_like(mask)).restored
    assert restoration.facts["tiles"] >= 2
    assert restoration.facts["source_stride"] == (1 if max_sources > 700 or width < 50 else 3 if width < 300 else 4)
    assert (whole - photo).abs().max() > 0.05
    assert (whole - without_attention).abs().max() > 3 / 255
    assert_close(restoration.restored, whole, atol=0.1 / 255, rtol=0)


@pytest.mark.parametrize(("height", "width"), [(301, 263), (97, 130)])
@pytest.mark.parametrize("sure", [0.0, 0.5])
def test_defects_found_in_tiles_are_those_found_in_the_whole(
    tmp_path: Path, height: int, width: int, sure: float
) -> None:
    tiled, whole = (restorer(tmp_path, Tiling(tile_px, 0), threshold=0.0, sure=sure) for tile_px in (32, 512))
    photo = torch.rand(1, 3, height, width)
    assert_close(tiled.find_defects(photo)[0], whole.find_defects(photo)[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("num_looks", [1, 2])
def test_looks_from_afar_in_tiles_take_back_what_looks_at_the_whole_do(tmp_path: Path, num_looks: int) -> None:
    photo = F.interpolate(torch.rand(1, 3, 4, 4), (301, 263), mode="bilinear")
    tiled, whole = (restorer(tmp_path, Tiling(tile_px, 0), threshold=0.0) for tile_px in (32, 512))
    with torch.inference_mode():
        from_afar = F.max_pool2d(whole.find_defects.detector(shrunk(photo, 2)).sigmoid(), 3, stride=1)
    for one in (tiled, whole):
        one.find_defects.confirm = num_looks * (float(from_afar.median()),)
    mask = whole.find_defects(photo)[0]
    assert 0.1 < (mask > 0).float().mean() < 0.9
    assert_close(tiled.find_defects(photo)[0], mask, atol=1e-5, rtol=0)


def test_a_mark_that_nothing_confirms_is_dropped_unless_the_photo_is_too_small_for_another_look(tmp_path: Path) -> None:
    doubting = restorer(tmp_path, threshold=0.0, confirm=[1.01])
    large, small = doubting(torch.rand(1, 3, 141, 150)), doubting(torch.rand(1, 3, 90, 150))
    assert not large.mask.any()
    assert large.facts["second_looks"] == 1
    assert small.mask.all()
    assert small.facts["second_looks"] == 0


def test_a_margin_is_marked_around_what_is_found_and_nothing_else(tmp_path: Path) -> None:
    photo = F.interpolate(torch.rand(1, 3, 4, 4), (101, 93), mode="bilinear")
    finders = [restorer(tmp_path, threshold=0.0, margin_px=margin_px).find_defects for margin_px in (0, 2)]
    finders[0].threshold = finders[1].threshold = float(finders[0](photo)[0].quantile(0.9))
    found, wider = (find(photo)[0] for find in finders)
    assert 0 < (found > 0).float().mean() < (wider > 0).float().mean() < 1
    assert torch.equal(wider, F.max_pool2d(found, 5, stride=1, padding=2))


def test_a_given_mask_gets_no_margin(tmp_path: Path) -> None:
    mask = scratched(40, 44)
    restoration = restorer(tmp_path, margin_px=2)(torch.rand(1, 3, 40, 44), mask)
    assert torch.equal(restoration.mask, mask)
    assert restoration.facts["margin_px"] == 0


def test_the_kinds_of_what_is_taken_back_are_not_told(tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 151, 143)
    doubting = restorer(tmp_path, confirm=[1.01])
    make_find_two_kinds(doubting, photo)
    restoration = doubting(photo)
    assert restoration.kinds is not None
    assert not restoration.kinds.numbers.any()
    assert restoration.facts["scratch_fraction"] == 0


def test_kinds_told_in_tiles_are_those_told_in_the_whole(tmp_path: Path) -> None:
    tiled, whole = (restorer(tmp_path, Tiling(tile_px, 0)) for tile_px in (32, 512))
    photo = torch.rand(1, 3, 151, 133)
    for one in (tiled, whole):
        torch.manual_seed(4)
        make_find_two_kinds(one, photo)
    in_tiles, at_once = tiled(photo), whole(photo)
    assert in_tiles.kinds is not None
    assert at_once.kinds is not None
    same = in_tiles.kinds.numbers == at_once.kinds.numbers
    assert same.float().mean() > 0.999  # two kinds as likely as each other may swap by rounding
    assert torch.equal(at_once.kinds.numbers > 0, at_once.mask > 0)
    assert len(at_once.kinds.numbers[at_once.mask > 0].unique()) == 2
    shares = [at_once.facts[f"{name}_fraction"] for name in ("scratch", "loss")]
    assert sum(shares) == pytest.approx(at_once.facts["damaged_fraction"])
    assert min(shares) > 0.1


def test_nobody_tells_the_kinds_of_a_given_mask(tmp_path: Path) -> None:
    restoration = restorer(tmp_path)(torch.rand(1, 3, 40, 44), scratched(40, 44))
    assert restoration.kinds is None
    assert "scratch_fraction" not in restoration.facts


@pytest.mark.parametrize("mask", [torch.zeros(1, 1, 150, 130), torch.ones(1, 1, 150, 130)])
def test_a_photo_without_a_hole_and_one_that_is_all_hole_come_back(tmp_path: Path, mask: Tensor) -> None:
    photo = torch.rand(1, 3, 150, 130)
    whole, tiled = (restorer(tmp_path, Tiling(tile_px, 0))(photo, mask).restored for tile_px in (512, 16))
    assert_close(tiled, whole, atol=0.1 / 255, rtol=0)


def test_facts_say_how_much_was_changed(tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 40, 40)
    restoration = restorer(tmp_path)(photo)
    assert restoration.facts["mean_change"] == pytest.approx(float((restoration.restored - photo).abs().mean()))
    assert 0 <= restoration.facts["damaged_fraction"] <= 1


def test_bfloat16_stays_near_float32_in_tiles_and_whole(tmp_path: Path) -> None:
    photo, mask = torch.rand(1, 3, 150, 201), scratched(150, 201)
    exact = restorer(tmp_path)(photo, mask)
    for tile_px in (16, 512):
        fast = restorer(tmp_path, Tiling(tile_px, 0))
        fast.is_bf16 = True
        error = (fast(photo, mask).restored - exact.restored).abs()
        assert 0 < error.square().mean() < 10**-5.5  # 55 dB
        assert (error <= 1 / 255).float().mean() >= 0.999


def test_a_given_mask_takes_the_place_of_the_detector(tmp_path: Path) -> None:
    photo, mask = torch.rand(1, 3, 40, 44), scratched(40, 44)
    restoration = restorer(tmp_path)(photo, mask)
    assert torch.equal(restoration.mask, mask)
    assert restoration.facts["is_mask_given"]
    assert restoration.facts["damaged_fraction"] == pytest.approx(float((mask > 0).float().mean()))


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the mask is 30 x 20 px, the photo 44 x 40 px"):
        restorer(tmp_path)(torch.rand(1, 3, 40, 44), torch.zeros(1, 1, 20, 30))


@pytest.mark.parametrize("strength", [-0.1, 1.5])
def test_an_impossible_strength_is_refused(tmp_path: Path, strength: float) -> None:
    with pytest.raises(ValueError, match=r"strength lies between 0 .* and 1"):
        restorer(tmp_path, strength=strength)


def test_the_tone_is_taken_back_alike_in_tiles_and_recorded(tmp_path: Path) -> None:
    reader, photo, mask = sure_reader(), torch.rand(1, 3, 130, 171), scratched(130, 171)
    tiled, whole, plain = (restorer(tmp_path, Tiling(tile_px, 0)) for tile_px in (36, 512, 512))
    tiled.tone = whole.tone = ToneRestorer(reader, least_sureness=0.5)
    restoration = tiled(photo, mask)
    assert_close(restoration.restored, whole(photo, mask).restored, atol=0.1 / 255, rtol=0)
    curves = whole.tone.curves(photo, mask)
    assert curves is not None
    assert_close(restoration.restored, plain(curves(photo), mask).restored, atol=0.1 / 255, rtol=0)
    assert restoration.facts["tone_change"] == pytest.approx(float((curves(photo) - photo).abs().mean()), abs=1e-6)
    assert "tone_change" not in plain(photo, mask).facts


def test_without_strength_the_tone_stays_too(tmp_path: Path) -> None:
    photo, plain = torch.rand(1, 3, 40, 40), restorer(tmp_path, strength=0.0)
    plain.tone = ToneRestorer(sure_reader(), least_sureness=0.5)
    assert torch.equal(plain(photo).restored, photo)
    assert plain.recipe == "strength=0 tone_strength=1"
    half, whole = (restorer(tmp_path, strength=strength) for strength in (0.5, 1.0))
    half.tone = whole.tone = plain.tone
    assert half(photo).facts["tone_share"] == pytest.approx(whole(photo).facts["tone_share"] / 2)


@pytest.mark.parametrize("tile_px", [36, 512])
def test_a_few_marks_on_a_photo_that_looks_sound_are_left_and_recorded(tmp_path: Path, tile_px: int) -> None:
    photo, trusting = torch.rand(1, 3, 130, 171), restorer(tmp_path, Tiling(tile_px, 0))
    make_find_two_kinds(trusting, photo)
    found = trusting(photo)
    assert found.facts["damaged_fraction"] > 0.1
    assert not torch.equal(found.restored, photo)
    trusting.age = AgeRule(constant_age(0.1), least_prob=0.2, telling_share=1.0)
    left = trusting(photo)
    assert left.facts["aged_prob"] == pytest.approx(0.1)
    assert left.facts["held_back_fraction"] == pytest.approx(found.facts["damaged_fraction"])
    assert left.facts["damaged_fraction"] == left.facts["scratch_fraction"] == 0
    assert not left.mask.any()
    assert left.kinds is not None
    assert not left.kinds.numbers.any()
    assert torch.equal(left.restored, photo)
    assert left.facts["mean_change"] == left.facts["largest_change"] == 0


def test_the_tone_of_a_photo_that_looks_sound_is_left(tmp_path: Path) -> None:
    photo, judging = torch.rand(1, 3, 40, 44), restorer(tmp_path, threshold=1.0)
    judging.tone = ToneRestorer(sure_reader(), least_sureness=0.5)
    for prob, is_sound in ((0.1, True), (0.3, False)):
        judging.age = AgeRule(constant_age(prob), 0.2, 0.99)
        facts = judging(photo).facts
        assert (facts["tone_change"] == 0) is is_sound
        assert facts["is_sound"] == is_sound
        assert facts["held_back_fraction"] == 0


def test_the_faces_of_a_photo_that_looks_sound_are_left(tmp_path: Path) -> None:
    photo, judging = torch.rand(1, 3, 40, 44), restorer(tmp_path, threshold=1.0)
    judging.faces = Mock(return_value=EnhancedFaces(1 - photo, ()))
    for prob, is_sound in ((0.1, True), (0.3, False)):
        judging.age = AgeRule(constant_age(prob), 0.2, 0.99)
        assert torch.equal(judging(photo).restored, photo if is_sound else 1 - photo)


@pytest.mark.parametrize("rule", [(0.05, 0.99), (0.2, 0.05)])
def test_marks_on_an_aged_photo_and_very_many_anywhere_count(tmp_path: Path, rule: tuple[float, float]) -> None:
    photo, trusting = torch.rand(1, 3, 60, 71), restorer(tmp_path)
    make_find_two_kinds(trusting, photo)
    found = trusting(photo)
    trusting.age = AgeRule(constant_age(0.1), *rule)
    judged = trusting(photo)
    assert torch.equal(judged.restored, found.restored)
    assert judged.facts["held_back_fraction"] == 0


def test_nobody_judges_a_photo_whose_mask_was_given(tmp_path: Path) -> None:
    photo, mask, judging = torch.rand(1, 3, 40, 44), scratched(40, 44), restorer(tmp_path)
    plain = judging(photo, mask)
    judging.age = AgeRule(constant_age(0.1), 0.2, 0.99)
    judged = judging(photo, mask)
    assert torch.equal(judged.restored, plain.restored)
    assert "aged_prob" not in judged.facts


def test_the_recipe_names_every_rule_that_decides_which_marks_count(tmp_path: Path) -> None:
    looking = restorer(tmp_path, confirm=[0.1, 0.05])
    looking.age = AgeRule(constant_age(0.5), 0.22, 0.03)
    assert looking.recipe == "strength=1 looks=0.1/0.05 age=0.22/0.03"
