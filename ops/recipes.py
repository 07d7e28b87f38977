"""Complete recipes: every number that decides what is trained. The report's own numbers stand here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.blocks import Norm
from models.damage_kinds import DamageKindsConfig
from models.detector import DetectorConfig
from models.discriminators import DiscriminatorConfig
from models.fidelity_gate import FidelityGateConfig
from models.mapping import MappingConfig
from models.vae import VaeConfig
from ops.age_recipes import SMOKE_AGE, STANDARD_AGE
from ops.degradation.recipe import PAPER_DEGRADATION, STANDARD_DEGRADATION
from ops.detection.kinds import KINDS
from ops.face_recipes import PAPER_FACES, SMOKE_FACES, STANDARD_FACES
from ops.inpainter_recipes import SMOKE_INPAINTER, STANDARD_INPAINTER
from ops.pairs.building import DatasetRecipe
from ops.pairs.windows import WindowShares
from ops.prior_recipes import PAPER_PRIOR, SMOKE_PRIOR, STANDARD_PRIOR
from ops.releases import ReleaseConfig
from ops.restorers.bm3d import BlindBm3d
from ops.restorers.deep_image_prior import DeepImagePrior
from ops.stages.age import AgeRecipe
from ops.stages.damage_kinds import DamageKindsRecipe
from ops.stages.detector import DetectorRecipe, DetectorWeights
from ops.stages.face import FaceRecipe
from ops.stages.inpainter import InpainterRecipe
from ops.stages.mapping import MappingRecipe, MappingWeights
from ops.stages.tone import ToneRecipe
from ops.stages.vae import VaeRecipe, VaeWeights
from ops.standard_schedule import STANDARD_SCHEDULE
from ops.tiles import Tiling
from ops.tone_recipes import SMOKE_TONE, STANDARD_TONE
from ops.training import Schedule


@dataclass(frozen=True)
class Recipe:
    """One complete scale of the system.

    Attributes:
        name: ``PAPER``, ``STANDARD`` or ``SMOKE``.
        dataset: the synthetic pairs.
        degraded_vae: VAE1.
        clean_vae: VAE2.
        inpainter: what paints the damage before VAE1 sees it; None leaves that to the first fill, or to the mapping.
        mapping: latent mapping and fidelity gate.
        tone: what takes fading, yellowing and casts back; None leaves them to the mapping, as published.
        age: what says how aged a photo looks as a whole; None takes none for sound.
        detector: the defect detector.
        kinds: what tells kinds of damage apart, on the detector's features.
        face: the face generator and how faces are treated.
        deep_image_prior: the training-free baseline, with its network and fit.
        bm3d: the classical baseline.
        tiling: how large photos are cut when they are restored.
        sure: defect probability without which nothing near is marked in a user's photo (``ops/detection/marking.py``);
            0 where the detector is trained too little to be sure of anything. The test set's masks do without.
        confirm: mean defect probability without which, at half the size, at a quarter ..., a mark is dropped
            (``ops/detection/second_look.py``); nothing where the detector is trained too little.
        margin_px: how much wider than the detector says every mark of a user's photo is made.
        least_sureness: of the tone reader, without which a photo's tone is left as it is.
        least_aged_prob: of a photo, without which it is left as it is (``ops/age.py``) ...
        telling_share: ... unless as much of it is marked.
    """

    name: str
    dataset: DatasetRecipe
    degraded_vae: VaeRecipe
    clean_vae: VaeRecipe
    inpainter: InpainterRecipe | None
    mapping: MappingRecipe
    tone: ToneRecipe | None
    age: AgeRecipe | None
    detector: DetectorRecipe
    kinds: DamageKindsRecipe
    face: FaceRecipe
    deep_image_prior: DeepImagePrior
    bm3d: BlindBm3d
    tiling: Tiling
    sure: float
    confirm: tuple[float, ...]
    margin_px: int
    least_sureness: float
    least_aged_prob: float
    telling_share: float

    def release_config(self, threshold: float) -> ReleaseConfig:
        """How the networks of this recipe are used together; ``threshold`` is the detector's calibrated one."""
        return ReleaseConfig(
            degraded_vae=self.degraded_vae.network,
            clean_vae=self.clean_vae.network,
            mapping=self.mapping.network,
            gate=self.mapping.gate,
            detector=self.detector.network,
            threshold=threshold,
            sure=self.sure,
            confirm=self.confirm,
            inpainter=None if self.inpainter is None else self.inpainter.network,
            margin_px=self.margin_px,
            tiling=self.tiling,
        )


def _paper_schedule(num_photos: int, batch_size: int, epochs: tuple[int, int], rates: tuple[float, float]) -> Schedule:
    """The report counts epochs at the full rate and epochs of linear decay; the loop counts updates."""
    steady, decaying = epochs
    per_epoch = num_photos // batch_size
    return Schedule(
        steps=(steady + decaying) * per_epoch,
        steady_steps=steady * per_epoch,
        batch_size=batch_size,
        crop_px=256,
        learning_rate=rates[0],
        discriminator_rate=rates[1],
        betas=(0.5, 0.999),
        gradient_clip=1e9,
        ema_decay=0.0,
        is_bf16=False,
        seed=0,
    )


_VOC_PHOTOS = 17_125
_ANNOTATED_PHOTOS = 400
_BM3D = BlindBm3d(least_levels=3, most_levels=50)
_PAPER_VAE = VaeConfig(
    widths=(64, 64, 64), latent_channels=64, num_blocks=4, norm=Norm.INSTANCE, has_pixel_shortcut=False
)
# Published: 10 times the sum over four layers and mean over two scales; the loss here is the mean over all eight.
_PAPER_MATCHING = 40
_PAPER_VAE_WEIGHTS = VaeWeights(
    l1=10,
    l2=0,
    perceptual=10,
    kl=1,
    adversarial=1,
    feature_matching=_PAPER_MATCHING,
    latent_adversarial=0,
    adversarial_from=0,
)
_PAPER_JUDGE = DiscriminatorConfig(width=64, num_strided=3, num_scales=2)

PAPER = Recipe(
    name="PAPER",
    dataset=DatasetRecipe(
        PAPER_DEGRADATION,
        trains_fresh=True,
        train_pairs=0,
        validation_pairs=50,
        held_out_pairs=100,
        pair_px=256,
        pairs_per_shard=50,
        seed=2022,
    ),
    degraded_vae=VaeRecipe(
        network=_PAPER_VAE,
        discriminator=_PAPER_JUDGE,
        latent_discriminator=DiscriminatorConfig(width=64, num_strided=3, num_scales=1),
        weights=replace(_PAPER_VAE_WEIGHTS, latent_adversarial=1),
        schedule=_paper_schedule(_VOC_PHOTOS, 100, (100, 100), (2e-4, 2e-4)),
    ),
    clean_vae=VaeRecipe(
        network=_PAPER_VAE,
        discriminator=_PAPER_JUDGE,
        latent_discriminator=None,
        weights=_PAPER_VAE_WEIGHTS,
        schedule=_paper_schedule(_VOC_PHOTOS, 120, (100, 100), (2e-4, 2e-4)),
    ),
    inpainter=None,
    mapping=MappingRecipe(
        network=MappingConfig(
            latent_channels=64,
            widths=(128, 256, 512, 512),
            num_local_blocks=3,
            num_global_blocks=3,
            num_shared_blocks=6,
            attention_channels=512,
            norm=Norm.INSTANCE,
        ),
        gate=None,
        discriminator=_PAPER_JUDGE,
        weights=MappingWeights(
            latent_l1=60,
            painted_l1=10,  # without a gate the painted photo is the restored one: one pixel term is enough
            restored_l1=0,
            perceptual=10,
            adversarial=1,
            feature_matching=_PAPER_MATCHING,
            adversarial_from=0,
        ),
        mask_dropout=0.0,
        clean_share=0.0,
        schedule=_paper_schedule(_VOC_PHOTOS, 36, (150, 100), (2e-4, 2e-4)),
    ),
    tone=None,
    age=None,
    detector=DetectorRecipe(
        network=DetectorConfig(widths=(64, 128, 256, 512, 768)),
        windows=WindowShares(clean=PAPER_DEGRADATION.undamaged_share, larger=0.0, varied=0.0),
        weights=DetectorWeights(focal=10, cross_entropy=1, gamma=2, max_balance=1e9),
        schedule=_paper_schedule(_VOC_PHOTOS, 16, (100, 100), (2e-4, 2e-4)),
        annotated_share=1.0,
        finetuning=_paper_schedule(_ANNOTATED_PHOTOS, 16, (10, 10), (2e-5, 2e-5)),
        clean_alarms=0.005,
    ),
    kinds=DamageKindsRecipe(  # ours, the report has none
        DamageKindsConfig(KINDS, width=64), _paper_schedule(_VOC_PHOTOS, 16, (5, 5), (2e-4, 2e-4))
    ),
    face=PAPER_FACES,
    deep_image_prior=PAPER_PRIOR,
    bm3d=_BM3D,
    tiling=Tiling(tile_px=1024, halo_px=192),
    sure=0.7,
    confirm=(0.1, 0.1),
    margin_px=1,
    least_sureness=0.8,
    least_aged_prob=0.12,
    telling_share=0.015,
)

_STANDARD_VAE = VaeConfig(
    widths=(24, 48, 64), latent_channels=64, num_blocks=2, norm=Norm.NONE, has_pixel_shortcut=True
)
_STANDARD_VAE_WEIGHTS = VaeWeights(
    l1=10,
    l2=0,
    perceptual=0,
    kl=1e-3,
    adversarial=0.02,
    feature_matching=0.2,
    latent_adversarial=0,
    adversarial_from=0.6,
)
_STANDARD_JUDGE = DiscriminatorConfig(width=24, num_strided=3, num_scales=1)
_CROPS_AS_THEY_ARE = WindowShares(clean=STANDARD_DEGRADATION.undamaged_share, larger=0.0, varied=0.0)
_STANDARD_DETECTION = replace(
    STANDARD_SCHEDULE, steps=9_000, steady_steps=2_500, batch_size=6, crop_px=128, learning_rate=2e-3, is_bf16=True
)

STANDARD = Recipe(
    name="STANDARD",
    dataset=DatasetRecipe(
        STANDARD_DEGRADATION,
        trains_fresh=True,
        train_pairs=0,
        validation_pairs=40,
        held_out_pairs=100,
        pair_px=192,
        pairs_per_shard=20,
        seed=2026,
    ),
    degraded_vae=VaeRecipe(
        network=_STANDARD_VAE,
        discriminator=_STANDARD_JUDGE,
        latent_discriminator=DiscriminatorConfig(width=24, num_strided=2, num_scales=1),
        weights=replace(_STANDARD_VAE_WEIGHTS, latent_adversarial=0.05),
        schedule=replace(STANDARD_SCHEDULE, steps=600, steady_steps=300, ema_decay=0.99),
    ),
    clean_vae=VaeRecipe(
        network=_STANDARD_VAE,
        discriminator=_STANDARD_JUDGE,
        latent_discriminator=None,
        weights=_STANDARD_VAE_WEIGHTS,
        schedule=replace(STANDARD_SCHEDULE, steps=600, steady_steps=300, ema_decay=0.99),
    ),
    inpainter=STANDARD_INPAINTER,
    mapping=MappingRecipe(
        network=MappingConfig(
            latent_channels=64,
            widths=(96,),
            num_local_blocks=3,
            num_global_blocks=2,
            num_shared_blocks=4,
            attention_channels=48,
            norm=Norm.NONE,
            has_first_fill=True,
        ),
        gate=FidelityGateConfig(width=16),
        discriminator=_STANDARD_JUDGE,
        weights=MappingWeights(
            latent_l1=1,
            painted_l1=5,
            restored_l1=10,
            perceptual=3,
            adversarial=0.02,
            feature_matching=0.2,
            adversarial_from=0.6,
        ),
        mask_dropout=0.4,
        clean_share=0.17,
        schedule=replace(STANDARD_SCHEDULE, steps=2_500, steady_steps=1_200, batch_size=6, is_bf16=True),
    ),
    tone=STANDARD_TONE,
    age=STANDARD_AGE,
    detector=DetectorRecipe(
        network=DetectorConfig(widths=(16, 32, 64, 96, 128)),
        windows=_CROPS_AS_THEY_ARE,
        weights=DetectorWeights(focal=10, cross_entropy=1, gamma=2, max_balance=20),
        schedule=_STANDARD_DETECTION,
        annotated_share=0.17,
        finetuning=replace(_STANDARD_DETECTION, steps=12_000, steady_steps=4_000, crop_px=192),
        clean_alarms=0.0025,
    ),
    kinds=DamageKindsRecipe(
        DamageKindsConfig(KINDS, width=32),
        replace(_STANDARD_DETECTION, steps=2_000, steady_steps=800, batch_size=4, crop_px=192, ema_decay=0.99),
    ),
    face=STANDARD_FACES,
    deep_image_prior=STANDARD_PRIOR,
    bm3d=_BM3D,
    tiling=Tiling(tile_px=512, halo_px=160),
    sure=0.7,
    confirm=(0.1, 0.1),
    margin_px=1,
    least_sureness=0.8,
    least_aged_prob=0.12,
    telling_share=0.015,
)

_SMOKE_VAE = VaeConfig(widths=(12, 24, 48), latent_channels=48, num_blocks=1, norm=Norm.NONE, has_pixel_shortcut=True)
_SMOKE_JUDGE = DiscriminatorConfig(width=8, num_strided=2, num_scales=1)
_SMOKE_SCHEDULE = replace(
    STANDARD_SCHEDULE, steps=400, steady_steps=200, crop_px=64, learning_rate=1e-3, ema_decay=0.99
)

SMOKE = Recipe(
    name="SMOKE",
    dataset=DatasetRecipe(
        STANDARD_DEGRADATION,
        trains_fresh=True,
        train_pairs=400,
        validation_pairs=12,
        held_out_pairs=24,
        pair_px=128,
        pairs_per_shard=200,
        seed=2026,
    ),
    degraded_vae=VaeRecipe(
        network=_SMOKE_VAE,
        discriminator=_SMOKE_JUDGE,
        latent_discriminator=_SMOKE_JUDGE,
        weights=STANDARD.degraded_vae.weights,
        schedule=_SMOKE_SCHEDULE,
    ),
    clean_vae=VaeRecipe(
        network=_SMOKE_VAE,
        discriminator=_SMOKE_JUDGE,
        latent_discriminator=None,
        weights=STANDARD.clean_vae.weights,
        schedule=_SMOKE_SCHEDULE,
    ),
    inpainter=SMOKE_INPAINTER,
    mapping=MappingRecipe(
        network=MappingConfig(
            latent_channels=48,
            widths=(64,),
            num_local_blocks=2,
            num_global_blocks=1,
            num_shared_blocks=2,
            attention_channels=24,
            norm=Norm.NONE,
            has_first_fill=True,
        ),
        gate=FidelityGateConfig(width=12),
        discriminator=_SMOKE_JUDGE,
        weights=STANDARD.mapping.weights,
        mask_dropout=STANDARD.mapping.mask_dropout,
        clean_share=0.0,
        schedule=replace(_SMOKE_SCHEDULE, steps=2800, steady_steps=1400),
    ),
    tone=SMOKE_TONE,
    age=SMOKE_AGE,
    detector=DetectorRecipe(
        network=DetectorConfig(widths=(12, 24, 48, 64)),
        windows=_CROPS_AS_THEY_ARE,
        weights=STANDARD.detector.weights,
        schedule=replace(_SMOKE_SCHEDULE, steps=3000, steady_steps=1000, learning_rate=2e-3),
        annotated_share=0.5,
        finetuning=replace(_SMOKE_SCHEDULE, steps=200, steady_steps=50, learning_rate=2e-4),
        clean_alarms=0.005,
    ),
    kinds=DamageKindsRecipe(
        DamageKindsConfig(KINDS, width=16), replace(_SMOKE_SCHEDULE, steps=400, steady_steps=200, learning_rate=4e-3)
    ),
    face=SMOKE_FACES,
    deep_image_prior=SMOKE_PRIOR,
    bm3d=_BM3D,
    tiling=Tiling(tile_px=512, halo_px=128),
    sure=0.0,
    confirm=(),
    margin_px=1,
    least_sureness=0.8,
    least_aged_prob=0.12,
    telling_share=0.015,
)
