import pytest
import torch
from torch.testing import assert_close

from ops.tone import LOOK_PX, ToneRestorer, tone_facts
from tests.ops.small_networks import TONE, sure_reader


def test_curves_do_not_depend_on_how_large_the_scan_is() -> None:
    tone, small = ToneRestorer(sure_reader(), 0.5), torch.rand(1, 3, LOOK_PX, LOOK_PX + 17)
    damage = (torch.rand(1, 1, *small.shape[-2:]) > 0.8).float()
    large, large_damage = (one.repeat_interleave(3, -2).repeat_interleave(3, -1) for one in (small, damage))
    first, second = tone.curves(small, damage), tone.curves(large, large_damage)
    assert first is not None
    assert second is not None
    assert_close(first.gain, second.gain)
    assert_close(first.lift, second.lift)
    assert_close(first.gamma, second.gamma)


def test_a_tone_of_which_it_is_not_sure_is_left() -> None:
    reader, photo = sure_reader(), torch.rand(1, 3, 30, 40)
    torch.nn.init.constant_(reader.head.bias[-1:], -20.0)
    assert torch.equal(ToneRestorer(reader, 0.85)(photo, None), photo)
    assert tone_facts(None, 0.0) == {"tone_change": 0.0}


def test_strength_leaves_or_takes_the_curves() -> None:
    photo, mask = torch.rand(1, 3, 30, 40), torch.zeros(1, 1, 30, 40)
    none, half, whole = (ToneRestorer(sure, 0.5, strength) for sure in [sure_reader()] for strength in (0, 0.5, 1))
    assert none.curves(photo, mask) is None
    assert_close(half(photo, mask), (photo + whole(photo, mask)) / 2)
    assert (whole.recipe, none.recipe) == ("tone_strength=1", "tone_strength=0")
    with pytest.raises(ValueError, match=r"between 0 .* and 1 .*, got 1\.2"):
        ToneRestorer(sure_reader(), 0.5, 1.2)


def test_the_record_is_enough_to_do_it_again() -> None:
    photo = torch.rand(1, 3, 8, 8)
    curves = ToneRestorer(sure_reader(), 0.5).curves(photo, torch.zeros(1, 1, 8, 8))
    assert curves is not None
    facts = tone_facts(curves, 0.25)
    assert facts["tone_change"] == 0.25
    for number, channel in enumerate(("red", "green", "blue")):
        gain, lift, gamma = (facts[f"tone_{name}_{channel}"] for name in ("gain", "lift", "gamma"))
        x = photo[0, number]
        bent = x + facts["tone_share"] * ((gain * (x - lift)).clamp(1e-3, 1) ** gamma - x)
        assert_close(curves(photo)[0, number], bent.clamp(0, 1))


def test_a_photo_smaller_than_the_look_is_read_as_it_is() -> None:
    assert TONE.thumbnail_px > 3
    assert ToneRestorer(sure_reader(), 0.5)(torch.rand(1, 3, 3, 2), None).shape == (1, 3, 3, 2)
