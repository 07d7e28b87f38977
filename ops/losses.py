"""The terms of the training losses: functions of tensors to scalars.

Each is a mean over the photos, so that the mean over several processes is the loss of the whole batch. What a term
divides by beside their number, such as the area that is judged, is therefore taken over all processes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from models.vae import Posterior
from ops.processes import mean_of_all, part_here, sum_of_all


def kl(posterior: Posterior) -> Tensor:
    """KL(q(z|x) || N(0, 1)) = (mean^2 + exp(logvar) - 1 - logvar) / 2, averaged over all latent numbers.

    Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, appendix B.
    """
    mean, logvar = posterior.mean, posterior.logvar
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()


def lsgan(verdicts: Sequence[Sequence[Tensor]], *, is_real: bool) -> Tensor:
    """Mean squared distance of every scale's verdict to 1 (real) or 0 (Mao et al., ICCV 2017, equation 2).

    ``verdicts`` are the layer outputs of a multiscale discriminator; the last of each scale is its verdict.
    """
    target = 1.0 if is_real else 0.0
    return torch.stack([(scale[-1] - target).square().mean() for scale in verdicts]).mean()


def cross_entropy_gan(verdict: Tensor, *, is_real: bool) -> Tensor:
    """Cross-entropy of every logit of ``verdict`` to real or fake (Goodfellow et al., NeurIPS 2014).

    With ``is_real`` for what a generator made it is the generator's non-saturating loss.
    """
    truth = torch.ones_like(verdict) if is_real else torch.zeros_like(verdict)
    return F.binary_cross_entropy_with_logits(verdict, truth)


def feature_matching(restored: Sequence[Sequence[Tensor]], clean: Sequence[Sequence[Tensor]]) -> Tensor:
    """Mean L1 distance of the discriminator's inner layers for the two photos (Wang et al., CVPR 2018, equation 4)."""
    distances = [
        F.l1_loss(ours, theirs.detach())
        for ours_scale, theirs_scale in zip(restored, clean, strict=True)
        for ours, theirs in zip(ours_scale[:-1], theirs_scale[:-1], strict=True)
    ]
    return torch.stack(distances).mean()


def negative_psnr(restored: Tensor, clean: Tensor, most_db: float) -> Tensor:
    """Minus the PSNR of each photo (N, 3, H, W), averaged; it rises ever slower towards ``most_db`` and ends there."""
    floor = 10 ** (-most_db / 10)
    return 10 * torch.log10((restored - clean).square().mean(dim=(1, 2, 3)) + floor).mean()


def perceptual(restored: Sequence[Tensor], clean: Sequence[Tensor]) -> Tensor:
    """Sum over layers of the mean L1 distance of two photos' features (Johnson et al., ECCV 2016, section 3.1).

    ``restored`` and ``clean`` are what a ``models.feature_trunk.FeatureTrunk`` says, which also weighs the layers.
    """
    return torch.stack([F.l1_loss(ours, theirs.detach()) for ours, theirs in zip(restored, clean, strict=True)]).sum()


def style(restored: Sequence[Tensor], clean: Sequence[Tensor]) -> Tensor:
    """Sum over layers of the mean L1 distance of Gram matrices F F^T / (C h w) (Gatys et al., CVPR 2016, equation 4).

    Features (N, C, h, w) of a ``models.feature_trunk.FeatureTrunk``; where in the photo they stand does not matter.
    """
    grams = ((_gram(ours), _gram(theirs.detach())) for ours, theirs in zip(restored, clean, strict=True))
    return torch.stack([F.l1_loss(ours, theirs) for ours, theirs in grams]).sum()


def focal(logits: Tensor, mask: Tensor, judged: Tensor, gamma: float) -> Tensor:
    """(1 - p_t)^gamma times the cross-entropy, averaged (Lin et al., "Focal Loss", ICCV 2017, equation 4).

    ``logits``, ``mask`` and ``judged`` are (N, 1, H, W); only pixels where ``judged`` is 1 count. The mask may be soft,
    p_t is then the agreement 1 - |p - m|.
    """
    agreement = 1 - (logits.sigmoid() - mask).abs()
    cross_entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    return ((1 - agreement) ** gamma * cross_entropy * judged).sum() / _area(judged)


def balanced_cross_entropy(logits: Tensor, mask: Tensor, judged: Tensor, max_weight: float) -> Tensor:
    """Cross-entropy in which damaged pixels weigh as much as intact ones in total.

    The report balances positive and negative pixels of the detector so. The weight is intact / damaged area of the
    judged pixels of the batch, at most ``max_weight``, and divided out again, so the value does not grow with rare
    damage.
    """
    damaged = (mean_of_all((mask * judged).sum()) / _area(judged)).clamp(min=1e-6)
    weight = ((1 - damaged) / damaged).clamp(max=max_weight)
    weights = judged * (1 + (weight - 1) * mask)
    cross_entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    return (weights * cross_entropy).sum() / _area(weights)


def kind_cross_entropy(logits: Tensor, kinds: Tensor) -> Tensor:
    """Cross-entropy between logits (N, K, H, W) and the shares of K kinds that each pixel has; 0 shares do not count.

    Kinds are as unlike in size as dust and folds: one that has the share s of all pixels weighs (s + 0.02)^-1/2.
    """
    areas = sum_of_all(kinds.sum(dim=(0, 2, 3)))
    weighted = kinds * (areas / areas.sum().clamp(min=1) + 0.02).rsqrt()[:, None, None]
    return -(weighted * logits.log_softmax(dim=1)).sum() / _area(weighted)


def hinge(verdicts: Sequence[Sequence[Tensor]], *, is_real: bool) -> Tensor:
    """max(0, 1 - D) for real and max(0, 1 + D) for made photos (Lim and Ye, "Geometric GAN", 2017): the judge's loss.

    ``verdicts`` as in ``lsgan``. The made photo's own loss is ``hinge_fooling``.
    """
    sign = 1.0 if is_real else -1.0
    return torch.stack([F.relu(1 - sign * scale[-1]).mean() for scale in verdicts]).mean()


def hinge_fooling(verdicts: Sequence[Sequence[Tensor]]) -> Tensor:
    """-D, averaged: what a generator minimises against a judge that was taught by ``hinge``."""
    return -torch.stack([scale[-1].mean() for scale in verdicts]).mean()


def layer_distance(restored: Sequence[Tensor], clean: Sequence[Tensor]) -> Tensor:
    """Mean L1 distance of a fixed network's layers for two photos, each layer in units of its own mean magnitude."""
    distances = [
        F.l1_loss(ours, theirs) / mean_of_all(theirs.detach().abs().mean()).clamp(min=1e-6)
        for ours, theirs in zip(restored, clean, strict=True)
    ]
    return torch.stack(distances).mean()


def _area(plane: Tensor) -> Tensor:
    """The sum of ``plane`` over the whole batch, at least 1, divided by the number of processes."""
    return sum_of_all(plane.sum()).clamp(min=1) / part_here().count


def _gram(features: Tensor) -> Tensor:
    flat = features.float().flatten(2)  # (N, C, h w)
    return flat @ flat.mT / flat[0].numel()
