"""Distances of sets: closed forms, an independent matrix root, no bias where there is no difference."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from ops.metrics.distributions import frechet_distance, kernel_distance, kernel_distance_interval


def features(count: int, size: int, seed: int) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def test_equal_sets_have_no_distance() -> None:
    x = features(20, 6, 0)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-5)
    assert kernel_distance(x, x) == 0


def test_a_shift_costs_its_squared_length() -> None:
    x = features(30, 4, 0)
    assert frechet_distance(x + 2.0, x) == pytest.approx(4 * 2.0**2, abs=1e-4)


@pytest.mark.parametrize("count", [40, 5])  # 5 photos of 8 features: covariances without full rank
def test_the_frechet_distance_agrees_with_the_matrix_root(count: int) -> None:
    x, y = features(count, 8, 1).double().numpy(), 1.7 * features(count, 8, 2).double().numpy()
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    if count > 8:
        root = float(np.trace(sqrtm(a @ b)).real)
    else:  # the product is singular: its eigenvalues are still those of the root, squared
        root = float(np.sqrt(np.clip(np.linalg.eigvals(a @ b).real, 0, None)).sum())
    expected = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a) + np.trace(b) - 2 * root
    assert frechet_distance(torch.from_numpy(x), torch.from_numpy(y)) == pytest.approx(expected, abs=1e-5)


def test_the_kernel_distance_is_the_mean_over_pairs_of_different_photos() -> None:
    x, y = features(4, 3, 1).double(), features(4, 3, 2).double()

    def k(one: Tensor, other: Tensor) -> float:
        return float((one @ other / 3 + 1) ** 3)

    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    terms = [k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(x[j], y[i]) for i, j in pairs]
    assert kernel_distance(x, y) == pytest.approx(sum(terms) / len(terms))


def test_sets_of_one_source_are_at_zero_on_average_and_of_two_are_not() -> None:
    same = [kernel_distance(features(30, 5, seed), features(30, 5, 100 + seed)) for seed in range(60)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(60)
    low, high = kernel_distance_interval(features(60, 5, 0) + 1, features(60, 5, 1), torch.Generator().manual_seed(0))
    assert 0 < low < kernel_distance(features(60, 5, 0) + 1, features(60, 5, 1)) < high


def test_single_photos_and_unequal_features_are_refused() -> None:
    with pytest.raises(ValueError, match="two photos"):
        frechet_distance(features(1, 3, 0), features(4, 3, 0))
    with pytest.raises(ValueError, match=r"\(N, d\)"):
        frechet_distance(features(4, 3, 0), features(4, 2, 0))
    with pytest.raises(ValueError, match="pairs are compared"):
        kernel_distance(features(4, 3, 0), features(5, 3, 0))
