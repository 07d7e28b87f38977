from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.age_samples import AgeSamples, gather
from ops.degradation.degrade import Pair
from ops.degradation.jpeg import JpegRanges
from ops.degradation.recipe import STANDARD_DEGRADATION, DegradationRecipe
from ops.pairs.fresh_crops import step_generator
from ops.pairs.windows import FreshWindows, WindowShares
from tests.ops.pairs.test_building import corpus

NEVER = JpegRanges(probability=0.0, quality=(80, 98), twice_share=0.0)


def never_aged() -> DegradationRecipe:
    """Every defect of ours, and no ageing at all."""
    whole = STANDARD_DEGRADATION
    families = [name for name in vars(whole) if name not in ("version", "undamaged_share", "defects")]
    return replace(whole, **{name: replace(getattr(whole, name), probability=0.0) for name in families})


def windows(folder: Path, recipe: DegradationRecipe = STANDARD_DEGRADATION) -> FreshWindows:
    return FreshWindows(corpus(folder).train, (), recipe, WindowShares(0.0, larger=0.5, varied=0.5), seed=3)


def drawn(source: FreshWindows) -> list[Pair]:
    """The first sixteen windows, not aged."""
    return source.unaged(16, 32, step_generator(source.seed, 0))


def gathered(source: FreshWindows, compression: JpegRanges, sound_db: float = 40) -> AgeSamples:
    return gather(source, compression, sound_db, 32, 32, lambda line: None)


def test_the_same_windows_come_each_time(tmp_path: Path) -> None:
    source, compression = windows(tmp_path), replace(NEVER, probability=0.6)
    first, again = gathered(source, compression), gathered(source, compression)
    for name in ("aged", "sound", "age"):
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert first.aged.shape == first.sound.shape == (32, 3, 32, 32)
    assert not torch.equal(first.aged[:16], first.aged[16:])


def test_any_number_of_windows_can_be_asked_for(tmp_path: Path) -> None:
    source = windows(tmp_path)
    whole, fewer = (gather(source, NEVER, 40, count, 32, lambda line: None) for count in (32, 19))
    assert len(fewer.age) == 19
    assert torch.equal(fewer.sound[:16], whole.sound[:16])


def test_a_sound_window_is_the_clean_one_or_has_its_defects_and_nothing_else(tmp_path: Path) -> None:
    source = windows(tmp_path)
    samples, cleans, defects = gathered(source, NEVER), 0, 0
    for pair, sound in zip(drawn(source), samples.sound, strict=False):
        clean, damaged = ((photo[0] * 255).round().byte() for photo in (pair.clean, pair.degraded))
        assert torch.equal(sound, clean) or torch.equal(sound, damaged)
        if not torch.equal(clean, damaged):
            cleans += torch.equal(sound, clean)
            defects += torch.equal(sound, damaged)
    assert cleans > 2
    assert defects > 2


def test_compressed_sound_windows_are_near_and_not_the_same(tmp_path: Path) -> None:
    source = windows(tmp_path)
    plain, compressed = gathered(source, NEVER), gathered(source, replace(NEVER, probability=1.0))
    difference = (plain.sound.float() - compressed.sound.float()).square().flatten(1).mean(1).sqrt()
    assert (difference > 0).all()
    others = (plain.sound.float() - plain.sound.float().roll(1, 0)).square().flatten(1).mean(1).sqrt()
    assert (difference < others).all()  # noise in colours is the worst that can be compressed
    assert torch.equal(plain.aged, compressed.aged)


def test_how_aged_a_window_is_follows_from_what_ageing_did_to_its_intact_pixels(tmp_path: Path) -> None:
    samples = gathered(windows(tmp_path), NEVER)
    assert samples.age.min() >= 0
    assert samples.age.max() > 0.99
    assert gathered(windows(tmp_path), NEVER, sound_db=1000).age.min() > 0.99
    assert gathered(windows(tmp_path), NEVER, sound_db=-1000).age.max() < 0.01


def test_windows_that_nothing_aged_are_not_aged_whatever_their_defects(tmp_path: Path) -> None:
    source = windows(tmp_path, never_aged())
    assert any(pair.plan.defects for pair in drawn(source))
    assert gathered(source, NEVER).age.max() < 0.01


def test_half_of_a_batch_is_aged_and_a_step_is_the_same_each_time(tmp_path: Path) -> None:
    samples = gathered(windows(tmp_path), NEVER)
    samples.aged[:], samples.sound[:], samples.age[:] = 255, 0, 0.75
    batch, again = (samples.batch(8, 16, step_generator(1, 5)) for _ in range(2))
    assert torch.equal(batch.photo, again.photo)
    assert batch.photo.shape == (8, 3, 16, 16)
    assert batch.photo[:4].min() == 1
    assert batch.photo[4:].max() == 0
    assert batch.age.tolist() == pytest.approx([0.75] * 4 + [0.0] * 4)
