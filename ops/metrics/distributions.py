"""How far a set of restored photos is from the clean ones, by features of a network. Which network is in the name.

``fid`` is the Frechet distance on the Inception of 2015 and on nothing else. Without that file the same formula runs on
VGG16 as ``fd_vgg16``, which has another scale. Both are biased upwards by small sets: a hundred photos against another
hundred of the same source are far from 0. KID has no such bias and is the number to trust.
"""

from __future__ import annotations

import torch
from torch import Tensor


def kernel_distance(features: Tensor, others: Tensor) -> float:
    """The squared maximum mean discrepancy of two sets of pairs: 0 if equal, on average 0 if of one source.

        KID = mean_{i != j} k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i),   k(x, y) = (x . y / d + 1)^3
    Binkowski et al., "Demystifying MMD GANs", ICLR 2018, section 4, as the U-statistic (Gretton et al., JMLR 2012,
    equation 4): a restored photo is never compared with its own truth, which it resembles whatever its look.

    Args:
        features: x, (N, d), N at least 2.
        others: y, (N, d); y_i belongs to x_i.
    """
    terms = _kernel_terms(features, others)
    return float(_mean_where(terms, ~torch.eye(len(terms), dtype=torch.bool)))


def kernel_distance_interval(
    features: Tensor, others: Tensor, generator: torch.Generator, resamples: int = 200
) -> tuple[float, float]:
    """The 95 % interval of ``kernel_distance`` over photos, by resampling pairs; one drawn twice never meets itself."""
    terms = _kernel_terms(features, others)
    drawn = []
    for picks in torch.randint(len(terms), (resamples, len(terms)), generator=generator):
        differs = picks[:, None] != picks
        if differs.any():
            drawn.append(_mean_where(terms[picks][:, picks], differs))
    low, high = torch.stack(drawn).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return low, high


def frechet_distance(features: Tensor, others: Tensor) -> float:
    """The Frechet distance of two Gaussians fitted to two sets; 0 for equal sets, never negative but for rounding.

        |m_x - m_y|^2 + tr(C_x + C_y - 2 (C_x C_y)^(1/2))
    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017, equation 6. The trace of the root is
    computed as the nuclear norm of A B^T, where C_x = A^T A and C_y = B^T B: exact also for fewer photos than features.

    Args:
        features: (N, d), N at least 2.
        others: (M, d), M at least 2.
    """
    _check(features, others)
    x, y = features.double(), others.double()
    a, b = ((z - z.mean(dim=0)) / (len(z) - 1) ** 0.5 for z in (x, y))
    root = torch.linalg.matrix_norm(a @ b.T, ord="nuc")
    return float((x.mean(dim=0) - y.mean(dim=0)).square().sum() + a.square().sum() + b.square().sum() - 2 * root)


def _kernel_terms(features: Tensor, others: Tensor) -> Tensor:
    """h_ij = k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i), (N, N)."""
    _check(features, others)
    if len(features) != len(others):
        raise ValueError(
            f"pairs are compared, but there are {len(features)} and {len(others)} photos; give both of each"
        )
    x, y = features.double(), others.double()
    xx, yy, xy = ((one @ other.T / one.shape[1] + 1) ** 3 for one, other in ((x, x), (y, y), (x, y)))
    return xx + yy - xy - xy.T


def _mean_where(terms: Tensor, chosen: Tensor) -> Tensor:
    return (terms * chosen).sum() / chosen.sum()


def _check(features: Tensor, others: Tensor) -> None:
    if features.ndim != 2 or others.ndim != 2 or features.shape[1] != others.shape[1]:
        raise ValueError(
            f"sets of features are (N, d) and (M, d), got {tuple(features.shape)} and {tuple(others.shape)}"
        )
    if min(len(features), len(others)) < 2:
        raise ValueError(f"a distance of sets needs two photos each, got {len(features)} and {len(others)}")
