"""Fidelity numbers of one restored photo, and the detector's ROC area: one definition each, for every table.

The report does not say how it measured. Ours, once and for all:

* A photo is judged as it is saved: clipped, rounded to 8-bit RGB, the whole frame, no border cut away. (Measuring luma
  instead of RGB would add almost 5 dB; rounding costs less than a thousandth.)
* The score of a set is the mean of its photos' scores, never the score of pooled errors.

What needs network weights (LPIPS, KID, NIQE) does not belong here.
"""

from __future__ import annotations

import math

import torch
from skimage.metrics import structural_similarity
from sklearn.metrics import roc_auc_score
from torch import Tensor

SSIM_WINDOW_PX = 11  # a Gaussian of sigma 1.5, cut where scikit-image cuts it


def psnr(restored: Tensor, clean: Tensor) -> float:
    """Peak signal-to-noise ratio of the saved photo, in dB: ``10 log10(255^2 / MSE)``, MSE over all RGB samples.

    Args:
        restored: (1, 3, H, W) in [0, 1]; values outside are clipped as saving would.
        clean: the truth, of the same shape and range.

    Returns:
        Decibels; ``inf`` when both photos are saved identically.

    Raises:
        ValueError: shapes differ, this is not one RGB photo, or a value is not finite.
    """
    _check_pair(restored, clean)
    error = saved_levels(restored).double() - saved_levels(clean).double()
    mean_square = float(error.square().mean())
    return 10 * math.log10(255**2 / mean_square) if mean_square else math.inf


def ssim(restored: Tensor, clean: Tensor) -> float:
    """Structural similarity of the saved photo (Wang et al., 2004), mean over pixels and RGB channels.

    With local means m, variances v and covariance c under a Gaussian window of sigma 1.5:
        SSIM = (2 m_x m_y + C1)(2 c_xy + C2) / ((m_x^2 + m_y^2 + C1)(v_x + v_y + C2)),
        C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2,
    with population (not sample) covariance, as scikit-image computes it. Other libraries differ in the second digit.

    Args:
        restored: (1, 3, H, W) in [0, 1], at least 11 pixels each way.
        clean: the truth, of the same shape and range.

    Returns:
        A number in [-1, 1]; 1 for identical photos.

    Raises:
        ValueError: as for ``psnr``, or a side is shorter than the window.
    """
    _check_pair(restored, clean)
    if min(restored.shape[-2:]) < SSIM_WINDOW_PX:
        raise ValueError(f"SSIM looks through an 11 x 11 window; the photo is {_size(restored)}, give a larger one")
    estimate, truth = (saved_levels(photo)[0].permute(1, 2, 0).numpy() for photo in (restored, clean))
    return float(
        structural_similarity(
            estimate,
            truth,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2,
        )
    )


def roc_auc(probabilities: Tensor, mask: Tensor) -> float:
    """Area under the detector's ROC curve over pixels: the chance that a damaged pixel outranks an intact one.

    Args:
        probabilities: defect probability (or any increasing score), any shape.
        mask: the truth, same shape, 1 = damaged; a soft mask is cut at 0.5.

    Returns:
        A number in [0, 1]; 0.5 is guessing. Pixels of all photos given are pooled.

    Raises:
        ValueError: shapes differ, a value is not finite, or the mask has no damaged or no intact pixel.
    """
    if probabilities.shape != mask.shape:
        raise ValueError(f"probabilities are {tuple(probabilities.shape)}, the mask is {tuple(mask.shape)}; must agree")
    if not torch.isfinite(probabilities).all():
        raise ValueError("probabilities hold NaN or infinity; look at the detector before its ROC")
    damaged = (mask > 0.5).flatten().cpu()
    if damaged.all() or not damaged.any():
        raise ValueError(f"a ROC needs damaged and intact pixels; all {damaged.numel()} are of one kind")
    return float(roc_auc_score(damaged.numpy(), probabilities.detach().flatten().float().cpu().numpy()))


def saved_levels(pixels: Tensor) -> Tensor:
    """Clip and round ``pixels`` (any shape, [0, 1]) to the 8-bit levels that a file would hold; uint8 on the CPU."""
    return (pixels.detach().float().clamp(0, 1) * 255).round().to(torch.uint8).cpu()


def _check_pair(restored: Tensor, clean: Tensor) -> None:
    if restored.shape != clean.shape:
        raise ValueError(f"restored is {tuple(restored.shape)} but clean is {tuple(clean.shape)}; sizes must agree")
    if restored.ndim != 4 or restored.shape[:2] != (1, 3):
        raise ValueError(f"one RGB photo (1, 3, H, W) is scored at a time, got {tuple(restored.shape)}")
    for name, photo in (("restored", restored), ("clean", clean)):
        if not torch.isfinite(photo).all():
            raise ValueError(f"the {name} photo holds NaN or infinity and cannot be saved, hence not scored")


def _size(photo: Tensor) -> str:
    return f"{photo.shape[-1]} x {photo.shape[-2]}"
