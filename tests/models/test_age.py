import pytest
import torch

from models.age import AgeConfig, AgeReader

SMALL = AgeConfig(widths=(4, 6, 8), hidden=8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (40, 72), (128, 128)])
def test_every_window_gets_one_logit_whatever_its_size(height: int, width: int) -> None:
    logits = AgeReader(SMALL)(torch.rand(3, 3, height, width))
    assert logits.shape == (3,)
    assert logits.isfinite().all()


def test_a_window_without_any_structure_can_be_learnt_from() -> None:
    reader = AgeReader(SMALL)
    reader(torch.full((2, 3, 32, 32), 0.5)).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in reader.parameters())


def test_it_matters_how_much_of_a_window_is_grainy_and_not_where() -> None:
    torch.manual_seed(0)
    reader, grain = AgeReader(SMALL), 0.2 * torch.rand(1, 3, 64, 64)
    calm = torch.full((1, 3, 64, 64), 0.5)
    corners = []
    for rows in (slice(0, 64), slice(64, 128)):
        for columns in (slice(0, 64), slice(64, 128)):
            window = torch.full((1, 3, 128, 128), 0.5)
            window[..., rows, columns] += grain
            corners.append(reader(window))
    whole = reader(calm.repeat(1, 1, 2, 2) + grain.repeat(1, 1, 2, 2))
    among_corners = torch.cat(corners).std()
    assert among_corners < 0.2 * (whole - torch.cat(corners).mean()).abs()
