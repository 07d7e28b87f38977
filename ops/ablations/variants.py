"""The ablations: which one thing each changes in a recipe. Training and scoring them is ``ops/ablations/runs.py``.

Nothing heavy is imported here, so that Dagster can list the ablations (docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ops.recipes import Recipe
    from ops.stages.vae import VaeRecipe

OURS: Final = "ours"
PAPER_LIKE: Final = "paper-like ours"


@dataclass(frozen=True)
class Ablation:
    """One changed training.

    Attributes:
        name: its row in the table.
        change: what is changed, for a reader of the table.
        apply: the changed recipe.
        has_one_vae: VAE1 takes the part of VAE2, too, and learns from clean photos as well.
    """

    name: str
    change: str
    apply: Callable[[Recipe], Recipe]
    has_one_vae: bool = False

    @property
    def slug(self) -> str:
        """The name as it stands in asset and file names."""
        return self.name.replace(" ", "_").replace("-", "_")


def shortened(recipe: Recipe, share: float) -> Recipe:
    """``recipe`` with ``share`` of the steps of its autoencoders and mapping, the same for every ablation."""
    if not 0 < share <= 1:
        raise ValueError(f"share is the part of the recipe's steps to train, above 0 and at most 1, got {share}")

    def schedule(stage: VaeRecipe) -> VaeRecipe:
        """An autoencoder's recipe with its part of the steps."""
        return replace(stage, schedule=stage.schedule.shortened(share))

    mapping = replace(recipe.mapping, schedule=recipe.mapping.schedule.shortened(share))
    return replace(_with_vaes(recipe, schedule), mapping=mapping)


def _with_vaes(recipe: Recipe, change: Callable[[VaeRecipe], VaeRecipe]) -> Recipe:
    return replace(recipe, degraded_vae=change(recipe.degraded_vae), clean_vae=change(recipe.clean_vae))


def _no_nonlocal_block(recipe: Recipe) -> Recipe:
    network = replace(recipe.mapping.network, has_nonlocal=False)
    return replace(recipe, mapping=replace(recipe.mapping, network=network))


def _hard_masks(recipe: Recipe) -> Recipe:
    network = replace(recipe.mapping.network, has_soft_mask=False)
    return replace(recipe, mapping=replace(recipe.mapping, network=network))


def _no_inpainter(recipe: Recipe) -> Recipe:
    return replace(recipe, inpainter=None)


def _no_first_fill(recipe: Recipe) -> Recipe:
    network = replace(recipe.mapping.network, has_first_fill=False)
    return replace(recipe, inpainter=None, mapping=replace(recipe.mapping, network=network))


def _instance_norm(recipe: Recipe) -> Recipe:
    from models.blocks import Norm

    network = replace(recipe.mapping.network, norm=Norm.INSTANCE)
    changed = replace(recipe, mapping=replace(recipe.mapping, network=network))
    return _with_vaes(changed, lambda vae: replace(vae, network=replace(vae.network, norm=Norm.INSTANCE)))


def _no_pixel_shortcut(recipe: Recipe) -> Recipe:
    return _with_vaes(recipe, lambda vae: replace(vae, network=replace(vae.network, has_pixel_shortcut=False)))


def _no_gate(recipe: Recipe) -> Recipe:
    return replace(recipe, mapping=replace(recipe.mapping, gate=None))


def _no_latent_discriminator(recipe: Recipe) -> Recipe:
    return replace(recipe, degraded_vae=replace(recipe.degraded_vae, latent_discriminator=None))


def _no_kl(recipe: Recipe) -> Recipe:
    return _with_vaes(_no_latent_discriminator(recipe), lambda vae: replace(vae, weights=replace(vae.weights, kl=0.0)))


def _one_autoencoder(recipe: Recipe) -> Recipe:
    return replace(recipe, clean_vae=recipe.degraded_vae)


def _adversary_from(share: float) -> Callable[[Recipe], Recipe]:
    def change(recipe: Recipe) -> Recipe:
        """``recipe`` whose photo discriminators join after ``share`` of each schedule."""
        weights = replace(recipe.mapping.weights, adversarial_from=share)
        changed = replace(recipe, mapping=replace(recipe.mapping, weights=weights))
        return _with_vaes(changed, lambda vae: replace(vae, weights=replace(vae.weights, adversarial_from=share)))

    return change


def _no_perceptual_term(recipe: Recipe) -> Recipe:
    weights = replace(recipe.mapping.weights, perceptual=0.0)
    changed = replace(recipe, mapping=replace(recipe.mapping, weights=weights))
    return _with_vaes(changed, lambda vae: replace(vae, weights=replace(vae.weights, perceptual=0.0)))


def _paper_like(recipe: Recipe) -> Recipe:
    """The losses of PAPER and its network switches, at our widths, schedule and data."""
    from ops.recipes import PAPER

    changed = _no_first_fill(_hard_masks(_no_gate(_no_pixel_shortcut(_instance_norm(recipe)))))
    return replace(
        changed,
        degraded_vae=replace(changed.degraded_vae, weights=PAPER.degraded_vae.weights),
        clean_vae=replace(changed.clean_vae, weights=PAPER.clean_vae.weights),
        mapping=replace(changed.mapping, weights=PAPER.mapping.weights, mask_dropout=PAPER.mapping.mask_dropout),
    )


ABLATIONS: Final = (
    Ablation(OURS, "nothing", lambda recipe: recipe),
    Ablation(
        PAPER_LIKE,
        "the report's losses and masks, instance norm, no pixel shortcut, fill or gate; our widths, schedule and data",
        _paper_like,
    ),
    Ablation("instance norm", "instance norm as published in both autoencoders and the mapping", _instance_norm),
    Ablation("no pixel shortcut", "pixels reach the latent through the strided convolutions alone", _no_pixel_shortcut),
    Ablation("no inpainter", "damage is filled by the means of what is around and no better", _no_inpainter),
    Ablation("no first fill", "the encoder sees the damage as it is", _no_first_fill),
    Ablation("no gate", "the painted photo is the restored one", _no_gate),
    Ablation("no nonlocal block", "damaged cells read nothing from intact ones", _no_nonlocal_block),
    Ablation("hard masks", "any damage in a latent cell counts in full", _hard_masks),
    Ablation("no latent discriminator", "nothing draws old photos to synthetic ones", _no_latent_discriminator),
    Ablation("no KL", "plain autoencoders: no KL term, no latent discriminator", _no_kl),
    Ablation("one autoencoder", "VAE1 learns clean photos, too, and paints", _one_autoencoder, has_one_vae=True),
    Ablation("no adversary", "no photo discriminator anywhere", _adversary_from(1.0)),
    Ablation("adversary from the start", "the photo discriminators join at the first step", _adversary_from(0.0)),
    Ablation("no perceptual term", "pixels, latents and discriminators alone", _no_perceptual_term),
)


def ablation_named(name: str) -> Ablation:
    """The ablation called ``name``."""
    return next(one for one in ABLATIONS if one.name == name)
