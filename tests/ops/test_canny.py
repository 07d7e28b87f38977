import torch
from torch.nn import functional as F

from ops.canny import canny_edges, grey


def test_no_edge_stands_within_two_pixels_of_a_hole() -> None:
    photo = torch.rand(2, 3, 40, 48, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(2, 1, 40, 48)
    hole[..., 12:20, 10:30] = 1
    photo = torch.where(hole.bool(), 1.0, photo)  # a white hole, whose rim is the strongest edge there is
    edges = canny_edges(grey(photo), hole, sigma=1)
    near = F.max_pool2d(hole, 5, stride=1, padding=2)
    assert edges.sum() > 0
    assert (edges * near).sum() == 0


def test_a_step_is_one_line_of_edges() -> None:
    photo = torch.zeros(1, 3, 32, 32)
    photo[..., 16], photo[..., 17:] = 0.5, 1
    edges = canny_edges(grey(photo), None, sigma=2)
    assert edges[..., 8:24, :].sum(dim=-1).eq(1).all()
    assert edges[..., 8:24, 16].sum() == 16
