import pytest
import torch
from torch.testing import assert_close

from models.tone import ToneCurves, ToneReader
from ops.degradation.fading import DyeFading, Fading, Yellowing
from tests.ops.small_networks import TONE, sure_reader


def curves(gain: list[float], lift: list[float], gamma: list[float]) -> ToneCurves:
    rows = (torch.tensor([one]) for one in (gain, lift, gamma))
    return ToneCurves(*rows, share=torch.ones(1, 1), sureness=torch.ones(1))


def test_it_starts_with_straight_curves() -> None:
    photo = torch.rand(2, 3, 20, 30)
    assert_close(ToneReader(TONE)(photo, torch.zeros(2, 1, 20, 30))(photo), photo, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("fading", "inverse"),
    [
        (Fading((0.7, 0.8, 0.75), (0.1, 0.05, 0.12)), curves([1 / 0.7, 1 / 0.8, 1 / 0.75], [0.1, 0.05, 0.12], [1] * 3)),
        (Yellowing(0.5), curves([1 / 0.975, 1 / 0.92, 1 / 0.76], [0] * 3, [1] * 3)),
        (
            DyeFading((0.5, 0.3, 0.1), (0.02, 0.05, 0.1)),
            curves([10**0.02, 10**0.05, 10**0.1], [0] * 3, [1 / 0.5, 1 / 0.7, 1 / 0.9]),
        ),
    ],
)
def test_a_curve_can_take_back_each_kind_of_fading(fading: Fading | Yellowing | DyeFading, inverse: ToneCurves) -> None:
    photo = 0.05 + 0.9 * torch.rand(1, 3, 16, 16)
    faded = torch.from_numpy(fading.apply(photo[0].permute(1, 2, 0).numpy())).permute(2, 0, 1)[None]
    assert (faded - photo).abs().max() > 0.1
    assert_close(inverse(faded), photo, atol=1e-4, rtol=0)


def test_what_is_darker_stays_darker() -> None:
    reader, ramp = sure_reader(), torch.linspace(0, 1, 256).expand(1, 3, 1, 256)
    bent = reader(ramp.flip(1), torch.zeros(1, 1, 1, 256))(ramp)
    assert (bent - ramp).abs().max() > 0.05
    assert (bent.diff(dim=-1) >= 0).all()


def test_a_photo_without_colours_stays_without() -> None:
    reader, mask = sure_reader(), torch.zeros(2, 1, 12, 12)
    photos = torch.rand(2, 3, 12, 12)
    photos[0] = photos[0, :1]
    bent = reader(photos, mask)(photos)
    assert torch.equal(bent[0], bent[0, :1].expand_as(bent[0]))
    assert (bent[0] - photos[0]).abs().max() > 0.02
    change = bent[1] - photos[1]
    assert (change[0].mean() - change[1].mean()).abs() > 1e-3


def test_damaged_pixels_are_not_read() -> None:
    reader, photo, mask = sure_reader(), torch.rand(1, 3, 24, 24), torch.zeros(1, 1, 24, 24)
    mask[..., 5:17, 3:9] = 0.3
    painted = torch.where(mask > 0, 1.0, photo)
    told, untold = (reader.values(reader.read(painted, one)) for one in (mask, 0 * mask))
    assert torch.equal(told, reader.values(reader.read(photo, mask)))
    assert not torch.equal(untold, reader.values(reader.read(photo, 0 * mask)))
    assert reader(photo, torch.ones_like(mask)).gain.isfinite().all()


def test_weakened_to_nothing_it_changes_nothing() -> None:
    photo = torch.rand(1, 3, 9, 9)
    read = sure_reader()(photo, torch.zeros(1, 1, 9, 9))
    assert torch.equal(read.weakened(0)(photo), photo)
    assert_close(read.weakened(0.5)(photo), (photo + read(photo)) / 2)
