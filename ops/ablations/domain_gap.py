"""How far apart the latents of real old photos and of synthetically damaged ones lie, the gap the triplet closes.

The sample is the latent cell: each of the C numbers at each place of the posterior means of all crops. Latents of two
autoencoders have different units, so every channel is first shifted and scaled to mean 0 and deviation 1 over the
synthetic reference cells. Two distances are taken, both zero for equal distributions:

* Frechet: |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), between Gaussians of the same means and covariances,
  divided by C (Dowson and Landau, 1982; the paper's ablation calls its number a Wasserstein distance);
* sliced Wasserstein: the mean over random directions of the one-dimensional earth mover's distance (Bonneel et al.,
  "Sliced and Radon Wasserstein Barycenters", 2015), which sees more than two moments.

The two halves of the synthetic photos are measured, too: a gap below theirs is within chance. The photographed things
differ between old and synthetic photos as well, so the gap is never zero; only autoencoders are compared by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.vae import Vae
from ops.checkpoints import Checkpoint, config_from_json
from ops.pairs.sources import OldCrops, PairSource
from ops.pictures import scatter_panels
from ops.report_pages import Table
from ops.stages.vae import VaeRecipe
from ops.tensor_files import load_weights

NUM_DIRECTIONS = 128
_SHOWN_CELLS = 600


@dataclass(frozen=True)
class GapCrops:
    """Crops (N, 3, P, P) of real ``old`` photos, and two halves of ``synthetic`` ones of as many crops each."""

    old: Tensor
    synthetic: Tensor
    reference: Tensor


@dataclass(frozen=True)
class DomainGap:
    """Distances of one autoencoder's latents: old to synthetic photos, and between the two synthetic halves.

    ``old_plane`` and ``synthetic_plane`` (n, 2) are some cells on the two widest directions of the reference half.
    """

    frechet: float
    frechet_by_chance: float
    sliced: float
    sliced_by_chance: float
    old_plane: Tensor
    synthetic_plane: Tensor


def gap_crops(pairs: PairSource, old: OldCrops, num_crops: int, crop_px: int) -> GapCrops:
    """``num_crops`` crops of each kind, the same in every run."""
    synthetic, reference = (pairs.batch(half, num_crops, crop_px).degraded.cpu() for half in (0, 1))
    return GapCrops(old.batch(0, num_crops, crop_px), synthetic, reference)


def measure_gap(checkpoint: Checkpoint, crops: GapCrops) -> DomainGap:
    """The gap in the latent of the autoencoder ``checkpoint``."""
    network = config_from_json(VaeRecipe, checkpoint.facts["recipe"]).network
    vae = load_weights(Vae(network), checkpoint.weights).eval()
    old, synthetic, reference = (_cells(vae, photos) for photos in (crops.old, crops.synthetic, crops.reference))
    mean, deviation = reference.mean(0), reference.std(0).clamp(min=1e-6)
    old, synthetic, reference = ((cells - mean) / deviation for cells in (old, synthetic, reference))
    _, _, widest = torch.pca_lowrank(reference.float(), q=2)
    plane = widest.to(old.dtype)
    step = max(1, len(old) // _SHOWN_CELLS)
    return DomainGap(
        frechet_distance(old, synthetic),
        frechet_distance(reference, synthetic),
        sliced_wasserstein(old, synthetic),
        sliced_wasserstein(reference, synthetic),
        (old @ plane)[::step],
        (synthetic @ plane)[::step],
    )


def frechet_distance(cells: Tensor, others: Tensor) -> float:
    """Frechet distance of Gaussians fitted to ``cells`` (n, C) and ``others`` (m, C), divided by C."""
    ours, theirs = torch.cov(cells.mT), torch.cov(others.mT)
    root = _root(ours)
    covariance = ours + theirs - 2 * _root(root @ theirs @ root)
    distance = (cells.mean(0) - others.mean(0)).square().sum() + covariance.trace()
    return float(distance.clamp(min=0)) / cells.shape[1]


def sliced_wasserstein(cells: Tensor, others: Tensor) -> float:
    """Sliced Wasserstein-1 distance of as many ``cells`` (n, C) as ``others`` (n, C)."""
    if cells.shape != others.shape:
        raise ValueError(f"as many cells on both sides are needed, got {tuple(cells.shape)} and {tuple(others.shape)}")
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(cells.shape[1], NUM_DIRECTIONS, generator=generator, dtype=cells.dtype)
    directions = directions / directions.norm(dim=0)
    ours, theirs = ((side @ directions).sort(dim=0).values for side in (cells, others))
    return float((ours - theirs).abs().mean())


def gap_table(gaps: Mapping[str, DomainGap]) -> Table:
    """The distances of several autoencoders."""
    header = ["VAE1", "Frechet, old to synthetic", "synthetic halves", "sliced Wasserstein, old to synthetic", "halves"]
    numbers = {name: (g.frechet, g.frechet_by_chance, g.sliced, g.sliced_by_chance) for name, g in gaps.items()}
    return Table(header, [[name, *(f"{value:.4f}" for value in row)] for name, row in numbers.items()])


def gap_plot(gaps: Mapping[str, DomainGap]) -> bytes:
    """Latent cells of old and synthetic photos on a plane, one panel per autoencoder, as PNG bytes."""
    panels = {name: {"synthetic": gap.synthetic_plane, "old": gap.old_plane} for name, gap in gaps.items()}
    return scatter_panels(panels, "latent cells on the two widest directions of synthetic photos")


@torch.inference_mode()
def _cells(vae: Vae, photos: Tensor) -> Tensor:
    """All latent cells of ``photos`` (N, 3, P, P) as (N h w, C) in double precision."""
    means = [vae.encode(photo[None]).mean[0].flatten(1).mT for photo in photos]
    return torch.cat(means).double()


def _root(matrix: Tensor) -> Tensor:
    """The symmetric square root of a positive semi-definite ``matrix`` (C, C)."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.mT
