"""BM3D: denoising by stacking alike blocks and shrinking the transform of the stack.

Dabov, Foi, Katkovnik, Egiazarian, "Image Denoising by Sparse 3-D Transform-Domain Collaborative Filtering", IEEE TIP
2007, and its colour form, ICIP 2007; the "normal" profile. Written for tensors: every step is a matrix product, a
gather or a fold over a strip of the photo, on whatever device the photo is on.

The noise level is an argument here; photos of unknown noise are the business of ``ops/restorers/bm3d.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 8  # side of a block
STEP = 3  # distance of neighbouring reference blocks
REACH = 19  # blocks are sought within +-19 px: a window of 39
HARD_STACK, WIENER_STACK = 16, 32  # blocks per stack
HARD_THRESHOLD = 2.7  # in units of sigma
KAISER_BETA = 2.0
STRIP_ROWS = 24  # reference rows filtered at once; bounds memory, changes nothing else
OUTSIDE = 1e3  # fills the frame around the photo: no block that touches it is ever alike
MIN_SIDE = 16  # gives 81 blocks, enough for a stack of 32

# Luma and two colour differences (Dabov et al., ICIP 2007); a row's norm scales the sigma of independent RGB noise.
OPPONENT = ((1 / 3, 1 / 3, 1 / 3), (1 / 2, 0.0, -1 / 2), (1 / 4, -1 / 2, 1 / 4))

Shrink = Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]


def denoise_rgb(noisy: Tensor, sigma: float) -> Tensor:
    """Denoise an RGB photo whose channels carry independent Gaussian noise of one strength.

    Args:
        noisy: (1, 3, H, W) around [0, 1]; values outside, as unclipped noise makes them, are fine.
        sigma: standard deviation of the noise, in [0, 1] units.

    Returns:
        The estimate, same shape, not clipped.
    """
    sigmas = [sigma * math.hypot(*row) for row in OPPONENT]
    return from_opponent(denoise_planes(to_opponent(noisy), sigmas))


def denoise_planes(noisy: Tensor, sigmas: list[float]) -> Tensor:
    """Denoise planes of one picture, seeking alike blocks on the first plane for all of them.

    Args:
        noisy: (1, C, H, W): one grey plane, or luma first.
        sigmas: standard deviation of the noise of each plane, in the planes' units; all 0 returns the input.

    Returns:
        The estimate, same shape, not clipped.

    Raises:
        ValueError: not one picture, or not one finite, non-negative sigma per plane.
    """
    if noisy.ndim != 4 or len(noisy) != 1 or len(sigmas) != noisy.shape[1]:
        raise ValueError(f"one sigma per plane of (1, C, H, W): got {len(sigmas)} for {tuple(noisy.shape)}")
    if not all(math.isfinite(sigma) and sigma >= 0 for sigma in sigmas):
        raise ValueError(f"sigma is a standard deviation in [0, 1] units, got {sigmas}")
    if not any(sigmas):
        return noisy.clone()
    height, width = noisy.shape[-2:]
    planes = _pad_to_grid(noisy[0].float())
    variances = [max(sigma, 1e-6) ** 2 for sigma in sigmas]
    hard = _filter(planes, planes, variances, HARD_STACK, _bior(), _hard_threshold)
    final = _filter(planes, hard, variances, WIENER_STACK, _dct(), _wiener)
    return final[None, :, :height, :width]


def to_opponent(rgb: Tensor) -> Tensor:
    """Map RGB (N, 3, H, W) to luma and two colour differences."""
    return torch.einsum("ij,njhw->nihw", rgb.new_tensor(OPPONENT), rgb)


def from_opponent(planes: Tensor) -> Tensor:
    """Map luma and colour differences (N, 3, H, W) back to RGB."""
    return torch.einsum("ij,njhw->nihw", torch.linalg.inv(planes.new_tensor(OPPONENT)), planes)


def _filter(
    noisy: Tensor, guide: Tensor, variances: list[float], stack: int, transform: tuple[Tensor, Tensor], shrink: Shrink
) -> Tensor:
    """One stage: match blocks on ``guide``, shrink stacks of ``noisy`` (C, H, W), average where blocks overlap."""
    forward, inverse = (matrix.to(noisy.device) for matrix in transform)
    channels, height, width = noisy.shape
    window = _kaiser().to(noisy.device)
    total = torch.zeros_like(noisy)
    weight = torch.zeros_like(noisy)
    luma = F.pad(guide[:1], (REACH,) * 4, value=OUTSIDE)[0]
    grid_rows = (height - BLOCK) // STEP + 1
    for first in range(0, grid_rows, STRIP_ROWS):
        rows = min(STRIP_ROWS, grid_rows - first)
        top = max(0, first * STEP - REACH)
        bottom = min(height, (first + rows - 1) * STEP + BLOCK + REACH)
        indices = _match(luma, first, rows, stack) - top * (width - BLOCK + 1)  # (M, stack), counted within the strip
        for channel in range(channels):
            blocks = _blocks(noisy[channel, top:bottom]) @ forward.T
            known = _blocks(guide[channel, top:bottom]) @ forward.T if guide is not noisy else blocks
            sums, weights = _shrink_stacks(blocks, known, indices, variances[channel], shrink)
            size = (bottom - top, width)
            total[channel, top:bottom] += _fold((sums @ inverse.T) * window, size)
            weight[channel, top:bottom] += _fold(weights * window, size)
    return total / weight


def _match(luma: Tensor, first: int, rows: int, stack: int) -> Tensor:
    """Find for each reference block of a strip the ``stack`` blocks with the least squared difference, itself included.

    Args:
        luma: (H + 2 REACH, W + 2 REACH), framed by OUTSIDE.
        first: first reference row of the strip, in units of STEP.
        rows: number of reference rows.
        stack: blocks per stack.

    Returns:
        (rows * columns, stack) positions of top left corners in the photo, row * (W - BLOCK + 1) + column.
    """
    width = luma.shape[1] - 2 * REACH
    columns = (width - BLOCK) // STEP + 1
    tall, top, reach = (rows - 1) * STEP + BLOCK, first * STEP, 2 * REACH + 1
    span = (columns - 1) * STEP + 1
    reference = luma[REACH + top : REACH + top + tall, REACH : REACH + width]
    row_sums = torch.zeros(rows, tall, device=luma.device)
    for row in range(rows):
        row_sums[row, row * STEP : row * STEP + BLOCK] = 1
    distances = luma.new_empty(rows, columns, reach, reach)
    for dy in range(reach):
        strip = luma[top + dy : top + dy + tall]
        shifted = strip.unfold(1, width, 1).transpose(0, 1)  # (reach, tall, width), a view
        bands = row_sums @ (shifted - reference).square_()  # (reach, rows, width)
        squares = bands[..., :span:STEP].clone()
        for offset in range(1, BLOCK):
            squares += bands[..., offset : offset + span : STEP]
        distances[:, :, dy] = squares.permute(1, 2, 0)
    distances[:, :, REACH, REACH] = -1  # itself, even where a flat region offers many blocks at distance 0
    nearest = distances.flatten(2).topk(stack, dim=-1, largest=False, sorted=False).indices  # (rows, columns, stack)
    y = top + STEP * torch.arange(rows, device=luma.device)[:, None, None] + nearest // reach - REACH
    x = STEP * torch.arange(columns, device=luma.device)[None, :, None] + nearest % reach - REACH
    return (y * (width - BLOCK + 1) + x).flatten(0, 1)


def _shrink_stacks(
    blocks: Tensor, known: Tensor, indices: Tensor, variance: float, shrink: Shrink
) -> tuple[Tensor, Tensor]:
    """Shrink all stacks in the transform domain and add the results up at the places the blocks came from.

    The block transform is linear, so summing needs no inverse yet.

    Args:
        blocks: (P, 64) transformed noisy blocks of every position.
        known: (P, 64) the same of the guide.
        indices: (M, stack) which blocks form a stack.
        variance: of the noise.
        shrink: the rule.

    Returns:
        Weighted sums (P, 64) and sums of weights (P, 1).
    """
    haar = _haar(indices.shape[1]).to(blocks.device)
    spectrum = haar @ blocks[indices]  # (M, stack, 64)
    guide = spectrum if known is blocks else haar @ known[indices]
    spectrum, weights = shrink(spectrum, guide, variance)  # (M, stack, 64), (M, 1, 1)
    shrunk = (haar.T @ spectrum).mul_(weights)
    flat = indices.flatten()
    sums = torch.zeros_like(blocks).index_add_(0, flat, shrunk.flatten(0, 1))
    total = blocks.new_zeros(len(blocks)).index_add_(0, flat, weights[:, 0].expand(indices.shape).flatten())
    return sums, total[:, None]


def _hard_threshold(spectrum: Tensor, guide: Tensor, variance: float) -> tuple[Tensor, Tensor]:
    """Drop coefficients below 2.7 sigma; a stack weighs as much as it is sparse."""
    kept = guide.abs() > HARD_THRESHOLD * math.sqrt(variance)
    count = kept.sum(dim=(1, 2), keepdim=True).clamp_min(1)
    return spectrum * kept, 1 / (variance * count)


def _wiener(spectrum: Tensor, guide: Tensor, variance: float) -> tuple[Tensor, Tensor]:
    """Scale each coefficient by g^2 / (g^2 + sigma^2), g from the first stage; weight 1 / (sigma^2 |scale|^2)."""
    power = guide.square()
    gain = power / (power + variance)
    return spectrum * gain, 1 / (variance * gain.square().sum(dim=(1, 2), keepdim=True).clamp_min(1e-6))


def _blocks(plane: Tensor) -> Tensor:
    """All overlapping blocks of a plane (H, W) as rows: (positions, 64)."""
    return F.unfold(plane[None, None], BLOCK)[0].T.contiguous()


def _fold(blocks: Tensor, size: tuple[int, int]) -> Tensor:
    """Add blocks (positions, 64) up into a plane of ``size``."""
    return F.fold(blocks.T[None], size, BLOCK)[0, 0]


def _pad_to_grid(planes: Tensor) -> Tensor:
    """Extend (C, H, W) so that the last reference block ends at the border, and small pictures hold a full stack."""
    missing = [max(MIN_SIDE - side, 0) for side in planes.shape[-2:]]
    missing = [m + -(side + m - BLOCK) % STEP for m, side in zip(missing, planes.shape[-2:], strict=True)]
    return F.pad(planes[None], (0, missing[1], 0, missing[0]), mode="replicate")[0]


@cache
def _bior() -> tuple[Tensor, Tensor]:
    """Biorthogonal 1.5 wavelet of a block, periodic, unit rows, and its inverse, each (64, 64) for flattened blocks."""
    low = torch.tensor([3, -3, -22, 22, 128, 128, 22, -22, -3, 3], dtype=torch.float64)
    matrix = torch.eye(BLOCK, dtype=torch.float64)
    size = BLOCK
    while size > 1:
        level = torch.zeros(size, size, dtype=torch.float64)
        for k in range(size // 2):
            for tap, value in enumerate(low):
                level[k, (2 * k + tap - 4) % size] += value
            level[size // 2 + k, 2 * k], level[size // 2 + k, 2 * k + 1] = 1, -1
        matrix[:size] = level @ matrix[:size]
        size //= 2
    return _of_blocks(F.normalize(matrix, dim=1))


@cache
def _dct() -> tuple[Tensor, Tensor]:
    """Orthonormal cosine transform of a block and its inverse, each (64, 64) for flattened blocks."""
    k = torch.arange(BLOCK, dtype=torch.float64)
    return _of_blocks(F.normalize(torch.cos(math.pi * k[:, None] * (2 * k + 1) / (2 * BLOCK)), dim=1))


def _of_blocks(matrix: Tensor) -> tuple[Tensor, Tensor]:
    inverse = torch.linalg.inv(matrix)
    return torch.kron(matrix, matrix).float(), torch.kron(inverse, inverse).float()


@cache
def _haar(size: int) -> Tensor:
    """Orthonormal Haar transform along a stack, (size, size), size a power of two."""
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        means = torch.kron(matrix, torch.tensor([[1.0, 1.0]]))
        differences = torch.kron(torch.eye(len(matrix)), torch.tensor([[1.0, -1.0]]))
        matrix = torch.cat([means, differences])
    return F.normalize(matrix, dim=1)


@cache
def _kaiser() -> Tensor:
    """Window (64,) that lets a block fade towards its border."""
    window = torch.kaiser_window(BLOCK, periodic=False, beta=KAISER_BETA)
    return torch.outer(window, window).flatten()
