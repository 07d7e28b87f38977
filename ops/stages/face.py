"""Training of the face generator on aligned faces that our own synthesis degrades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.discriminators import DiscriminatorConfig, MultiscaleDiscriminator
from models.face import FaceGenerator, FaceGeneratorConfig, Start
from models.face_finder import FaceFinder, FaceInspector
from ops.checkpoints import Checkpoint, config_to_json
from ops.corpora.records import Corpus, CorpusPhoto
from ops.degradation.recipe import DegradationRecipe
from ops.faces.second_look import inspected, structure_distance
from ops.faces.settings import FaceSettings
from ops.images import encode_png
from ops.losses import feature_matching, hinge, hinge_fooling, layer_distance
from ops.pairs import FreshPairs, PairBatch
from ops.pictures import contact_sheet
from ops.processes import normal_rows, part_here
from ops.spread_training import spread
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded

NUM_SHOWN = 6


@dataclass(frozen=True)
class FaceWeights:
    """What each term counts; zero switches a term off.

    Attributes:
        l1: distance to the clean face.
        adversarial: hinge loss of a judge that sees the degraded face beside the restored one.
        feature_matching: distance of that judge's layers.
        perceptual: distance of the face inspector's convolutions; no VGG comes with an ordinary install.
        structure: ``structure_distance`` to the clean face, which keeps eyes, nose and mouth this person's own as far
            as the inspector can tell; it is no identity distance.
    """

    l1: float
    adversarial: float
    feature_matching: float
    perceptual: float
    structure: float


@dataclass(frozen=True)
class FaceRecipe:
    """Everything that decides how the face generator is trained and used; ``study_steps`` train a study's variant."""

    network: FaceGeneratorConfig
    discriminator: DiscriminatorConfig
    weights: FaceWeights
    schedule: Schedule
    degradation: DegradationRecipe
    settings: FaceSettings
    study_steps: int


class FaceStage:
    """The losses of ``FaceWeights`` between restored and clean faces; ``inspector`` is fixed and only looks."""

    def __init__(self, recipe: FaceRecipe, inspector: FaceInspector, device: str) -> None:
        self.weights = recipe.weights
        self.generator = FaceGenerator(recipe.network)
        self.trained: nn.Module = self.generator
        self.judge = MultiscaleDiscriminator(6, recipe.discriminator)
        self.adversaries: nn.Module = nn.ModuleList([self.judge])
        self.inspector = inspector.eval().requires_grad_(requires_grad=False).to(device)
        self._seen: tuple[Tensor, Tensor] | None = None

    def losses(self, batch: PairBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of the terms on one batch, each term for the log."""
        restored = self.generator(batch.degraded, self._latent(batch.degraded, generator))
        made, real = (torch.cat([batch.degraded, face], dim=1) for face in (restored, batch.clean))
        verdicts = self.judge(made)
        first, second = (inspected(self.inspector, face) for face in (restored, batch.clean))
        weights = self.weights
        terms = {
            "l1": weights.l1 * F.l1_loss(restored, batch.clean),
            "adversarial": weights.adversarial * hinge_fooling(verdicts),
            "feature_matching": weights.feature_matching * feature_matching(verdicts, self.judge(real)),
            "perceptual": weights.perceptual
            * layer_distance(self.inspector.layers(restored), self.inspector.layers(batch.clean)),
            "structure": weights.structure * structure_distance(first, second).mean(),
        }
        self._seen = (made.detach(), real)
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor:
        """Half the sum of real and made."""
        assert self._seen is not None
        made, real = self._seen
        return (hinge(self.judge(real), is_real=True) + hinge(self.judge(made), is_real=False)) / 2

    def _latent(self, faces: Tensor, generator: torch.Generator) -> Tensor | None:
        config = self.generator.config
        if config.start is Start.FACE:
            return None
        return normal_rows(faces.new_empty(len(faces), config.latent_size), generator)


@spread
def train_face_generator(
    recipe: FaceRecipe, faces: Corpus, finder: FaceFinder | None, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the generator on the training side of ``faces``, all of the canvas's size.

    Without a face, or without the ``finder`` that judges the training, the generator is kept as it starts, after 0
    steps: with the pixel shortcut it leaves faces alone.

    Raises:
        ValueError: there is no face, and a generator without the shortcut would then draw noise.
    """
    schedule = recipe.schedule
    if finder is None or not faces.train:
        if not recipe.network.has_pixel_shortcut:
            raise ValueError(
                f"{faces.name} holds no face to train with; name a folder of portraits in ALBUMEN_FACE_PHOTOS"
            )
        bench.report("face_generator: no face to train with; it will leave faces as they are")
        schedule = replace(schedule, steps=0)
    with seeded(schedule.seed):
        stage = FaceStage(recipe, FaceInspector() if finder is None else finder.inspector, bench.device)
    source = FreshPairs(faces.train, (), recipe.degradation, schedule.seed)

    def batches(step: int) -> PairBatch:
        """Degraded and clean faces of one step."""
        return source.batch(step, schedule.batch_size, recipe.network.canvas_px, part_here()).to(bench.device)

    facts = {
        "recipe": config_to_json(recipe),
        "faces": faces.sha256,
        "num_faces": len(faces.train),
        "degradation": recipe.degradation.version,
        **facts,
    }
    checkpoint = fit("face_generator", stage, batches, schedule, facts, bench)
    bench.show(checkpoint, encode_png(restored_sheet(recipe, checkpoint, faces)))
    return checkpoint


def trained_generator(recipe: FaceRecipe, checkpoint: Checkpoint) -> FaceGenerator:
    """The generator with the weights of ``checkpoint``, ready to restore."""
    return load_weights(FaceGenerator(recipe.network), checkpoint.weights).eval()


def face_pairs(recipe: FaceRecipe, faces: Sequence[CorpusPhoto], count: int) -> PairBatch | None:
    """``count`` damaged ones of ``faces``, the same ones every time; None if there are none."""
    if not faces:
        return None
    source = FreshPairs(faces, (), recipe.degradation, seed=recipe.schedule.seed + 1)
    return source.batch(0, count, recipe.network.canvas_px)


@torch.inference_mode()
def restored_sheet(recipe: FaceRecipe, checkpoint: Checkpoint, faces: Corpus) -> Tensor:
    """Degraded, restored and clean faces of the validation split, one a row; without faces a blank canvas."""
    pairs = face_pairs(recipe, faces.validation or faces.photos, NUM_SHOWN)
    if pairs is None:
        blank = torch.full((1, 3, recipe.network.canvas_px, recipe.network.canvas_px), 0.5)
        pairs = PairBatch(blank, blank, blank[:, :1])
    restored = trained_generator(recipe, checkpoint)(pairs.degraded)
    cells = [[one[None] for one in row] for row in zip(pairs.degraded, restored, pairs.clean, strict=True)]
    return contact_sheet(cells, ["degraded", "restored", "clean"])
