"""Complete recipes: every number that decides what is trained. The report's own numbers stand here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.baselines.deep_image_prior import DeepImagePriorConfig
from models.blocks import Norm
from models.detector import DetectorConfig
from models.discriminators import DiscriminatorConfig
from models.face import FaceGeneratorConfig, Start
from models.fidelity_gate import FidelityGateConfig
from models.mapping import MappingConfig
from models.vae import VaeConfig
from ops.degradation.recipe import PAPER_DEGRADATION, STANDARD_DEGRADATION
from ops.degradation.resolution import ResolutionRanges
from ops.faces.find import Search
from ops.faces.settings import FaceSettings
from ops.pair_shards import DatasetRecipe
from ops.releases import ReleaseConfig
from ops.restorers.bm3d import BlindBm3d
from ops.restorers.deep_image_prior import DeepImagePrior, FittingConfig
from ops.stages.detector import DetectorRecipe, DetectorWeights
from ops.stages.face import FaceRecipe, FaceWeights
from ops.stages.mapping import MappingRecipe, MappingWeights
from ops.stages.vae import VaeRecipe, VaeWeights
from ops.tiles import Tiling
from ops.training import Schedule


@dataclass(frozen=True)
class Recipe:
    """One complete scale of the system.

    Attributes:
        name: ``PAPER``, ``STANDARD`` or ``SMOKE``.
        dataset: the synthetic pairs.
        degraded_vae: VAE1.
        clean_vae: VAE2.
        mapping: latent mapping and fidelity gate.
        detector: the defect detector.
        face: the face generator and how faces are treated.
        deep_image_prior: the training-free baseline, with its network and fit.
        bm3d: the classical baseline.
        defect_threshold: probability from which a pixel counts as damaged.
        tiling: how large photos are cut when they are restored.
    """

    name: str
    dataset: DatasetRecipe
    degraded_vae: VaeRecipe
    clean_vae: VaeRecipe
    mapping: MappingRecipe
    detector: DetectorRecipe
    face: FaceRecipe
    deep_image_prior: DeepImagePrior
    bm3d: BlindBm3d
    defect_threshold: float
    tiling: Tiling

    @property
    def release_config(self) -> ReleaseConfig:
        """How the networks of this recipe are used together."""
        return ReleaseConfig(
            degraded_vae=self.degraded_vae.network,
            clean_vae=self.clean_vae.network,
            mapping=self.mapping.network,
            gate=self.mapping.gate,
            detector=self.detector.network,
            threshold=self.defect_threshold,
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
_FFHQ_FACES = 50_000
_BM3D = BlindBm3d(least_levels=3, most_levels=50)
_PAPER_VAE = VaeConfig(
    widths=(64, 64, 64), latent_channels=64, num_blocks=4, norm=Norm.INSTANCE, has_pixel_shortcut=False
)
_PAPER_JUDGE = DiscriminatorConfig(width=64, num_strided=3, num_scales=2)

_FACE_DEGRADATION = replace(  # what the network before leaves behind: no defects, no change of tone, but lost detail
    STANDARD_DEGRADATION,
    version="faces-1",
    defects=replace(STANDARD_DEGRADATION.defects, probability=0.0),
    resolution=ResolutionRanges(
        probability=0.8,
        shrink=(1.0, 4.0),
        uneven_share=0.0,
        down=STANDARD_DEGRADATION.resolution.down,
        up=STANDARD_DEGRADATION.resolution.up[:2],
    ),
    fading=replace(STANDARD_DEGRADATION.fading, probability=0.0),
    shading=replace(STANDARD_DEGRADATION.shading, probability=0.0),
    halation=replace(STANDARD_DEGRADATION.halation, probability=0.0),
)
_FACE_SETTINGS = FaceSettings(
    search=Search(longest_px=1024, min_face_px=20, pyramid_step=0.709, thresholds=(0.6, 0.7, 0.9), turns=(0, 40, -40)),
    canvas_px=256,
    batch_size=8,
    strength=0.5,
    min_eye_distance_px=10,
    max_outside=0.15,
    max_misfit=0.25,
    min_second_score=0.95,
    max_shift=0.06,  # measured in docs/decisions/0008-faces.md
    max_structure_distance=0.08,
)

PAPER = Recipe(
    name="PAPER",
    dataset=DatasetRecipe(
        PAPER_DEGRADATION,
        trains_fresh=True,
        train_pairs=0,
        held_out_pairs=100,
        pair_px=256,
        pairs_per_shard=50,
        seed=2022,
    ),
    degraded_vae=VaeRecipe(
        network=_PAPER_VAE,
        discriminator=_PAPER_JUDGE,
        latent_discriminator=DiscriminatorConfig(width=64, num_strided=3, num_scales=1),
        weights=VaeWeights(l1=10, l2=0, kl=1, adversarial=1, feature_matching=10, latent_adversarial=1),
        schedule=_paper_schedule(_VOC_PHOTOS, 100, (100, 100), (2e-4, 2e-4)),
    ),
    clean_vae=VaeRecipe(
        network=_PAPER_VAE,
        discriminator=_PAPER_JUDGE,
        latent_discriminator=None,
        weights=VaeWeights(l1=10, l2=0, kl=1, adversarial=1, feature_matching=10, latent_adversarial=0),
        schedule=_paper_schedule(_VOC_PHOTOS, 120, (100, 100), (2e-4, 2e-4)),
    ),
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
        weights=MappingWeights(latent_l1=60, painted_l1=10, restored_l1=10, adversarial=1, feature_matching=10),
        mask_dropout=0.0,
        schedule=_paper_schedule(_VOC_PHOTOS, 36, (150, 100), (2e-4, 2e-4)),
    ),
    detector=DetectorRecipe(
        network=DetectorConfig(widths=(64, 128, 256, 512, 1024)),
        weights=DetectorWeights(focal=10, cross_entropy=1, gamma=2, max_balance=1e9, least_opacity=0.1),
        schedule=_paper_schedule(_VOC_PHOTOS, 16, (100, 100), (2e-4, 2e-4)),
    ),
    face=FaceRecipe(
        network=FaceGeneratorConfig(
            start_px=8,
            widths=((1024,), (1024, 1024), (512,), (256,), (128,), (64,)),
            condition_width=128,
            injection_px=(8, 16, 32, 64, 128, 256),
            start=Start.FACE,
            latent_size=256,
            is_spectral=True,
            has_pixel_shortcut=False,
        ),
        discriminator=_PAPER_JUDGE,
        weights=FaceWeights(l1=0, adversarial=1, feature_matching=10, perceptual=10, structure=1),
        schedule=replace(_paper_schedule(_FFHQ_FACES, 32, (50, 50), (1e-4, 4e-4)), betas=(0.0, 0.9)),
        degradation=replace(_FACE_DEGRADATION, version="paper-faces-1", undamaged_share=0.0),
        settings=_FACE_SETTINGS,
        study_steps=156_200,
    ),
    deep_image_prior=DeepImagePrior(
        DeepImagePriorConfig(noise_channels=32, width=128, skip_channels=4, scales=5),
        FittingConfig(
            steps=3000, learning_rate=0.01, perturbation=1 / 30, average_decay=0.99, stop=None, use_bfloat16=False
        ),
        seed=0,
    ),
    bm3d=_BM3D,
    defect_threshold=0.4,
    tiling=Tiling(tile_px=1024, halo_px=192),
)

_STANDARD_VAE = VaeConfig(
    widths=(32, 64, 96), latent_channels=64, num_blocks=3, norm=Norm.NONE, has_pixel_shortcut=True
)
_STANDARD_JUDGE = DiscriminatorConfig(width=32, num_strided=3, num_scales=2)
_STANDARD_SCHEDULE = Schedule(
    steps=40_000,
    steady_steps=20_000,
    batch_size=16,
    crop_px=128,
    learning_rate=1e-3,
    discriminator_rate=2e-4,
    betas=(0.9, 0.99),
    gradient_clip=1.0,
    ema_decay=0.999,
    is_bf16=False,
    seed=0,
)

STANDARD = Recipe(
    name="STANDARD",
    dataset=DatasetRecipe(
        STANDARD_DEGRADATION,
        trains_fresh=True,
        train_pairs=0,
        held_out_pairs=100,
        pair_px=256,
        pairs_per_shard=50,
        seed=2026,
    ),
    degraded_vae=VaeRecipe(
        network=_STANDARD_VAE,
        discriminator=_STANDARD_JUDGE,
        latent_discriminator=DiscriminatorConfig(width=32, num_strided=2, num_scales=1),
        weights=VaeWeights(l1=10, l2=0, kl=1e-3, adversarial=0.02, feature_matching=0.2, latent_adversarial=0.05),
        schedule=replace(_STANDARD_SCHEDULE, steps=10_000, steady_steps=5_000),
    ),
    clean_vae=VaeRecipe(
        network=_STANDARD_VAE,
        discriminator=_STANDARD_JUDGE,
        latent_discriminator=None,
        weights=VaeWeights(l1=10, l2=0, kl=1e-3, adversarial=0.02, feature_matching=0.2, latent_adversarial=0),
        schedule=replace(_STANDARD_SCHEDULE, steps=10_000, steady_steps=5_000),
    ),
    mapping=MappingRecipe(
        network=MappingConfig(
            latent_channels=64,
            widths=(128,),
            num_local_blocks=4,
            num_global_blocks=2,
            num_shared_blocks=4,
            attention_channels=64,
            norm=Norm.NONE,
        ),
        gate=FidelityGateConfig(width=24),
        discriminator=_STANDARD_JUDGE,
        weights=MappingWeights(latent_l1=1, painted_l1=5, restored_l1=10, adversarial=0.02, feature_matching=0.2),
        mask_dropout=0.4,
        schedule=_STANDARD_SCHEDULE,
    ),
    detector=DetectorRecipe(
        network=DetectorConfig(widths=(16, 32, 64, 128, 128)),
        weights=DetectorWeights(focal=10, cross_entropy=1, gamma=2, max_balance=20, least_opacity=0.45),
        schedule=_STANDARD_SCHEDULE,
    ),
    face=FaceRecipe(
        network=FaceGeneratorConfig(
            start_px=8,
            widths=((128,), (128,), (96,), (64,), (32,)),
            condition_width=16,
            injection_px=(8, 16, 32, 64, 128),
            start=Start.FACE,
            latent_size=128,
            is_spectral=False,
            has_pixel_shortcut=True,
        ),
        discriminator=DiscriminatorConfig(width=16, num_strided=3, num_scales=2),
        weights=FaceWeights(l1=10, adversarial=0.02, feature_matching=0.2, perceptual=0.3, structure=0.5),
        schedule=replace(
            _STANDARD_SCHEDULE, steps=4_500, steady_steps=2_500, batch_size=4, crop_px=128, ema_decay=0.995
        ),
        degradation=_FACE_DEGRADATION,
        settings=replace(_FACE_SETTINGS, canvas_px=128),
        study_steps=1_000,
    ),
    deep_image_prior=PAPER.deep_image_prior,
    bm3d=_BM3D,
    defect_threshold=0.5,
    tiling=Tiling(tile_px=512, halo_px=160),
)

_SMOKE_VAE = VaeConfig(widths=(12, 24, 48), latent_channels=48, num_blocks=1, norm=Norm.NONE, has_pixel_shortcut=True)
_SMOKE_JUDGE = DiscriminatorConfig(width=8, num_strided=2, num_scales=1)
_SMOKE_SCHEDULE = replace(
    _STANDARD_SCHEDULE, steps=400, steady_steps=200, batch_size=8, crop_px=64, learning_rate=1e-3, ema_decay=0.99
)

SMOKE = Recipe(
    name="SMOKE",
    dataset=DatasetRecipe(
        STANDARD_DEGRADATION,
        trains_fresh=True,
        train_pairs=400,
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
    mapping=MappingRecipe(
        network=MappingConfig(
            latent_channels=48,
            widths=(64,),
            num_local_blocks=2,
            num_global_blocks=1,
            num_shared_blocks=2,
            attention_channels=24,
            norm=Norm.NONE,
        ),
        gate=FidelityGateConfig(width=12),
        discriminator=_SMOKE_JUDGE,
        weights=STANDARD.mapping.weights,
        mask_dropout=STANDARD.mapping.mask_dropout,
        schedule=replace(_SMOKE_SCHEDULE, steps=2800, steady_steps=1400),
    ),
    detector=DetectorRecipe(
        network=DetectorConfig(widths=(12, 24, 48, 64)),
        weights=STANDARD.detector.weights,
        schedule=replace(_SMOKE_SCHEDULE, steps=3000, steady_steps=1500, learning_rate=2e-3),
    ),
    face=FaceRecipe(
        network=FaceGeneratorConfig(
            start_px=8,
            widths=((16,), (16,), (12,), (8,)),
            condition_width=8,
            injection_px=(8, 16, 32, 64),
            start=Start.FACE,
            latent_size=16,
            is_spectral=False,
            has_pixel_shortcut=True,
        ),
        discriminator=_SMOKE_JUDGE,
        weights=STANDARD.face.weights,
        schedule=replace(_SMOKE_SCHEDULE, steps=100, steady_steps=50, batch_size=4),
        degradation=_FACE_DEGRADATION,
        settings=replace(
            _FACE_SETTINGS, canvas_px=64, search=replace(_FACE_SETTINGS.search, longest_px=512, turns=(0,))
        ),
        study_steps=60,
    ),
    deep_image_prior=DeepImagePrior(
        DeepImagePriorConfig(noise_channels=16, width=32, skip_channels=4, scales=4),
        FittingConfig(
            steps=120, learning_rate=0.01, perturbation=1 / 30, average_decay=0.95, stop=None, use_bfloat16=False
        ),
        seed=0,
    ),
    bm3d=_BM3D,
    defect_threshold=0.5,
    tiling=Tiling(tile_px=512, halo_px=128),
)
