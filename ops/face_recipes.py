"""The face generator's part of the three recipes: its networks, losses, schedules, damage and how faces are treated.

Beside ``ops/recipes.py``, which puts them where they belong; numbers of faces stand here and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from models.discriminators import DiscriminatorConfig
from models.face import FaceGeneratorConfig, FaceNorm, Start
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.degradation.resolution import ResolutionRanges
from ops.faces.find import Search
from ops.faces.scenes import FaceScenes
from ops.faces.settings import FaceSettings
from ops.stages.face import FaceRecipe, FaceWeights
from ops.standard_schedule import STANDARD_SCHEDULE
from ops.training import Schedule

_PAPER_UPDATES_PER_EPOCH = 50_000 // 32  # faces of FFHQ, faces a batch

_DEGRADATION = replace(  # what the network before leaves behind: no defects, no change of tone, but lost detail
    STANDARD_DEGRADATION,
    version="faces-2",
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
    surface=replace(STANDARD_DEGRADATION.surface, probability=0.0),
)

_SMALLER_FACES = replace(  # faces of 32 px and more on a canvas of 256
    _DEGRADATION,
    version="faces-3",
    blur=replace(_DEGRADATION.blur, sigma=(0.4, 3.2), width=(0.5, 6.0), length=(1, 8)),
    resolution=replace(_DEGRADATION.resolution, shrink=(1.0, 8.0)),
)

_AS_TAKEN = FaceScenes(behind=0.0, turned=0.0, lit=0.0, varied=0.0)  # 50,000 faces of FFHQ are varied enough
_SCENES = FaceScenes(behind=0.6, turned=0.6, lit=0.4, varied=0.3)

_SETTINGS = FaceSettings(
    search=Search(longest_px=1024, min_face_px=20, pyramid_step=0.709, thresholds=(0.6, 0.7, 0.9), turns=(0, 40, -40)),
    canvas_px=256,
    batch_size=8,
    strength=0.5,
    min_eye_distance_px=10,
    max_outside=0.15,
    max_misfit=0.25,
    min_second_score=0.95,
    max_shift=0.06,  # measured in docs/decisions/0011-faces.md
    max_structure_distance=0.08,
    min_change=0.012,  # undamaged faces of the validation people change by 0.0087 at most (docs/decisions/0020)
)

PAPER_FACES = FaceRecipe(
    network=FaceGeneratorConfig(
        start_px=8,
        widths=((1024,), (1024, 1024), (512,), (256,), (128,), (64,)),
        condition_width=128,
        injection_px=(8, 16, 32, 64, 128, 256),
        start=Start.FACE,
        latent_size=256,
        norm=FaceNorm.BATCH,
        is_spectral=True,
        has_pixel_shortcut=False,
    ),
    discriminator=DiscriminatorConfig(width=64, num_strided=3, num_scales=2),
    weights=FaceWeights(
        decibel=0, adversarial=1, feature_matching=10, adversarial_from=0.0, perceptual=10, structure=1
    ),
    beginning=None,
    schedule=Schedule(
        steps=100 * _PAPER_UPDATES_PER_EPOCH,
        steady_steps=50 * _PAPER_UPDATES_PER_EPOCH,
        batch_size=32,
        crop_px=256,
        learning_rate=1e-4,
        discriminator_rate=4e-4,
        betas=(0.0, 0.9),
        gradient_clip=1e9,
        ema_decay=0.0,
        is_bf16=False,
        seed=0,
    ),
    scenes=_AS_TAKEN,
    degradation=replace(_DEGRADATION, version="paper-faces-2", undamaged_share=0.0),
    settings=_SETTINGS,
    study_steps=100 * _PAPER_UPDATES_PER_EPOCH,
)

_BEGINNING = replace(  # the first scales, up to 128 px
    STANDARD_SCHEDULE, steps=3_600, steady_steps=1_800, batch_size=4, crop_px=128, ema_decay=0.998, is_bf16=True
)

STANDARD_FACES = FaceRecipe(
    network=FaceGeneratorConfig(
        start_px=8,
        widths=((96,), (96,), (64,), (24,), (24,), (16,)),
        condition_width=16,
        injection_px=(8, 16, 32, 64, 128, 256),
        start=Start.FACE,
        latent_size=128,
        norm=FaceNorm.PIXEL,
        is_spectral=False,
        has_pixel_shortcut=True,
    ),
    discriminator=DiscriminatorConfig(width=16, num_strided=3, num_scales=2),
    weights=FaceWeights(
        decibel=0.1, adversarial=0.01, feature_matching=0.2, adversarial_from=0.85, perceptual=0.3, structure=2.0
    ),
    beginning=_BEGINNING,
    schedule=replace(_BEGINNING, steps=2_400, steady_steps=1_000, crop_px=256, learning_rate=6e-4),
    scenes=_SCENES,
    degradation=_SMALLER_FACES,
    settings=_SETTINGS,
    study_steps=250,
)

SMOKE_FACES = FaceRecipe(
    network=FaceGeneratorConfig(
        start_px=8,
        widths=((16,), (16,), (12,), (8,)),
        condition_width=8,
        injection_px=(8, 16, 32, 64),
        start=Start.FACE,
        latent_size=16,
        norm=FaceNorm.PIXEL,
        is_spectral=False,
        has_pixel_shortcut=True,
    ),
    discriminator=DiscriminatorConfig(width=8, num_strided=2, num_scales=1),
    weights=STANDARD_FACES.weights,
    beginning=None,
    schedule=replace(_BEGINNING, steps=100, steady_steps=50, crop_px=64, ema_decay=0.99, is_bf16=False),
    scenes=_SCENES,
    degradation=_DEGRADATION,
    settings=replace(_SETTINGS, canvas_px=64, search=replace(_SETTINGS.search, longest_px=512, turns=(0,))),
    study_steps=60,
)
