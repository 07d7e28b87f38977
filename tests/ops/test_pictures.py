"""Pictures about photos keep the photos as they are and fit where they must."""

import base64

import pytest
import torch
from torch.testing import assert_close

from ops.images import decode_rgb
from ops.pictures import GAP_PX, before_after, contact_sheet, line_plot, markdown_picture, mask_overlay

RED, BLUE = (torch.tensor(colour).view(1, 3, 1, 1) for colour in ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]))


def test_a_contact_sheet_keeps_order_and_proportions() -> None:
    wide, mask = RED.expand(1, 3, 20, 40), torch.ones(1, 1, 30, 30)
    sheet = contact_sheet([[wide, BLUE.expand(1, 3, 80, 80)], [mask * 0, wide]], ["left", "right"], cell_px=100)
    red = ((sheet[:, 0] > 0.9) & (sheet[:, 1] < 0.1)).sum()
    blue = ((sheet[:, 2] > 0.9) & (sheet[:, 1] < 0.1)).sum()
    assert red == 2 * 100 * 50
    assert blue == 100 * 100
    assert sheet.shape[-1] == 2 * 100 + 3 * GAP_PX


def test_titles_and_captions_leave_ink_and_even_long_ones_stay_in_their_column() -> None:
    paper = [[torch.ones(1, 3, 64, 64)] * 2]
    plain = contact_sheet(paper, ["", ""], cell_px=64)
    titled = contact_sheet(paper, ["a very long method name indeed\nsecond line", ""], cell_px=64)
    assert plain.min() == 1
    assert titled.min() < 0.3
    assert titled[..., GAP_PX + 64 + 2 :].min() == 1
    captioned = contact_sheet(paper, ["", ""], ["photo"], 64, [["28.31 dB", ""]])
    assert captioned.shape[-2] > plain.shape[-2]


def test_a_ragged_grid_is_refused() -> None:
    cell = torch.zeros(1, 3, 8, 8)
    with pytest.raises(ValueError, match="column titles"):
        contact_sheet([[cell, cell], [cell]], ["a", "b"])
    with pytest.raises(ValueError, match="row titles"):
        contact_sheet([[cell]], ["a"], ["one", "two"])


def test_before_and_after_hold_both_photos_pixel_by_pixel() -> None:
    before, after = torch.rand(2, 1, 3, 30, 50, generator=torch.Generator().manual_seed(0))
    picture = before_after(before, after)
    bottom = picture.shape[-2] - GAP_PX - 3
    assert_close(picture[..., bottom - 30 : bottom, GAP_PX : GAP_PX + 50], before)
    assert_close(picture[..., bottom - 30 : bottom, -GAP_PX - 50 : -GAP_PX], after)


def test_an_overlay_reddens_damage_and_leaves_the_rest() -> None:
    photo, mask = torch.full((1, 3, 4, 4), 0.4), torch.zeros(1, 1, 4, 4)
    mask[..., 1, 2] = 1
    tinted = mask_overlay(photo, mask)
    assert tinted[0, 0, 1, 2] > 0.7
    assert tinted[0, 1, 1, 2] < 0.3
    assert_close(tinted[..., 2:, :], photo[..., 2:, :])


@pytest.mark.parametrize("max_bytes", [3_000, 40_000])
def test_a_markdown_picture_fits_its_limit_and_decodes(max_bytes: int) -> None:
    noise = torch.rand(1, 3, 200, 300, generator=torch.Generator().manual_seed(0))
    text = markdown_picture(noise, "a [noisy] photo", max_bytes)
    head, _, code = text.removesuffix(")").partition(";base64,")
    assert head == "![a  noisy  photo](data:image/jpeg"
    assert len(text) <= max_bytes
    height, width = decode_rgb(base64.b64decode(code)).shape[-2:]
    assert width / height == pytest.approx(1.5, abs=0.1)


def test_a_limit_too_small_for_any_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="200 bytes"):
        markdown_picture(torch.rand(1, 3, 64, 64), "photo", max_bytes=200)


def test_curves_become_a_png() -> None:
    png = line_plot({"loss": ([1, 2, 3], [3.0, 2.0, 1.0]), "other": ([1, 3], [2.0, 2.0])}, "training", "step", "loss")
    assert png.startswith(b"\x89PNG")
    assert len(png) > 5_000


def test_a_diagonal_is_drawn_only_where_it_is_named() -> None:
    curve = {"photo": ([0, 1], [1.0, 1.0])}
    plain, with_chance = (line_plot(curve, "ROC", "x", "y", diagonal=name) for name in (None, "chance"))
    assert len(with_chance) > len(plain) + 2_000
