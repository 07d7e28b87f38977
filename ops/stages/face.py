"""Training of the face generator on aligned faces that our own synthesis degrades."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from models.discriminators import DiscriminatorConfig, MultiscaleDiscriminator
from models.face import FaceGenerator, FaceGeneratorConfig, Start
from models.face_finder import FaceFinder, FaceInspector
from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus, CorpusPhoto
from ops.degradation.recipe import DegradationRecipe
from ops.faces.align import feather
from ops.faces.fresh_faces import FreshFaces
from ops.faces.scenes import FaceScenes
from ops.faces.second_look import inspected, structure_distance
from ops.faces.settings import FaceSettings
from ops.images import encode_png
from ops.losses import feature_matching, hinge, hinge_fooling, layer_distance
from ops.pairs.sources import PairBatch
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
        decibel: each decibel of ``face_error``.
        adversarial: hinge loss of a judge that sees the degraded face beside the restored one.
        feature_matching: distance of that judge's layers.
        adversarial_from: share of the schedule after which the judge and its two terms join.
        perceptual: distance of the face inspector's convolutions; no VGG comes with an ordinary install.
        structure: ``structure_distance`` to the clean face, which keeps eyes, nose and mouth this person's own as far
            as the inspector can tell; it is no identity distance.
    """

    decibel: float
    adversarial: float
    feature_matching: float
    adversarial_from: float
    perceptual: float
    structure: float


@dataclass(frozen=True)
class FaceRecipe:
    """Everything that decides how the face generator is trained and used.

    Attributes:
        network: the generator.
        discriminator: its judge.
        weights: of the losses.
        beginning: how the generator is trained without its last scale first, on the same faces shrunk by half, before
            it grows to the whole canvas; None trains all scales from the start.
        schedule: of the training on the whole canvas.
        scenes: in which the faces are seen.
        degradation: of the faces in them.
        settings: how faces are treated.
        study_steps: of each variant of the injection study.
    """

    network: FaceGeneratorConfig
    discriminator: DiscriminatorConfig
    weights: FaceWeights
    beginning: Schedule | None
    schedule: Schedule
    scenes: FaceScenes
    degradation: DegradationRecipe
    settings: FaceSettings
    study_steps: int


@dataclass(frozen=True)
class FaceBatch:
    """``pairs`` of degraded and clean faces; ``is_judged`` once the judge has joined."""

    pairs: PairBatch
    is_judged: bool


class FaceStage:
    """The losses of ``FaceWeights`` between restored and clean faces; ``inspector`` is fixed and only looks."""

    def __init__(self, recipe: FaceRecipe, inspector: FaceInspector, device: str) -> None:
        self.weights = recipe.weights
        self.generator = FaceGenerator(recipe.network)
        self.generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a quarter faster on a CPU
        self.trained: nn.Module = self.generator
        self.judge = MultiscaleDiscriminator(6, recipe.discriminator)
        self.adversaries: nn.Module = nn.ModuleList([self.judge])
        self.inspector = inspector.eval().requires_grad_(requires_grad=False).to(device)
        self._seen: tuple[Tensor, Tensor] | None = None

    def losses(self, batch: FaceBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of the terms on one batch, each term for the log."""
        weights, degraded, clean = self.weights, batch.pairs.degraded, batch.pairs.clean
        shown = degraded.contiguous(memory_format=torch.channels_last)
        restored = self.generator(shown, self._latent(shown, generator))
        first, second = (inspected(self.inspector, face) for face in (restored, clean))
        layers = (self.inspector.layers(face) for face in (restored, clean))
        terms = {
            "decibel": weights.decibel * face_error(restored, clean),
            "perceptual": weights.perceptual * layer_distance(*layers),
            "structure": weights.structure * structure_distance(first, second).mean(),
        }
        self._seen = None
        if batch.is_judged:
            made, real = (torch.cat([degraded, face], dim=1) for face in (restored, clean))
            verdicts = self.judge(made)
            terms["adversarial"] = weights.adversarial * hinge_fooling(verdicts)
            terms["feature_matching"] = weights.feature_matching * feature_matching(verdicts, self.judge(real))
            self._seen = (made.detach(), real)
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor | None:
        """Half the sum of real and made; None while the judge has not joined."""
        if self._seen is None:
            return None
        made, real = self._seen
        return (hinge(self.judge(real), is_real=True) + hinge(self.judge(made), is_real=False)) / 2

    def _latent(self, faces: Tensor, generator: torch.Generator) -> Tensor | None:
        config = self.generator.config
        if config.start is Start.FACE:
            return None
        return normal_rows(faces.new_empty(len(faces), config.latent_size), generator)


def face_error(restored: Tensor, clean: Tensor) -> Tensor:
    """10 log10(e + 3e-4) of each face's mean squared error e within ``feather``, averaged: minus its PSNR in dB.

    Every face counts alike, the badly damaged and the nearly clean. Without the floor (35 dB) faces that are clean
    already would hold the network still: their decibels fall fastest.
    """
    weight = feather(clean.shape[-1]).to(clean.device)
    error = ((restored.float() - clean).square() * weight).sum(dim=(1, 2, 3)) / (3 * weight.sum())
    return 10 * torch.log10(error + 3e-4).mean()


@spread
def train_face_generator(
    recipe: FaceRecipe, faces: Corpus, backgrounds: Corpus, finder: FaceFinder | None, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the generator on the training side of ``faces``, all of the canvas's size, before that of ``backgrounds``.

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
    inspector = FaceInspector() if finder is None else finder.inspector
    with seeded(schedule.seed):
        stage = FaceStage(recipe, inspector, bench.device)
    source = FreshFaces(faces.train, backgrounds.train, recipe.scenes, recipe.degradation, schedule.seed)
    facts = {
        "recipe": _training_of(recipe),
        "faces": faces.sha256,
        "num_faces": len(faces.train),
        "backgrounds": backgrounds.sha256,
        "degradation": recipe.degradation.version,
        **facts,
    }
    if recipe.beginning is not None and schedule.steps:
        smaller = replace(recipe, network=recipe.network.without_last_scale(), schedule=recipe.beginning)
        begun = _begun(smaller, source, inspector, facts, bench)
        stage.generator.grow_from(trained_generator(smaller, begun))
        facts = {**facts, "grown from": begun.sha256}
    checkpoint = fit("face_generator", stage, _batches(recipe, source, bench), schedule, facts, bench)
    bench.show(checkpoint, encode_png(restored_sheet(recipe, checkpoint, faces, backgrounds)))
    return checkpoint


def trained_generator(recipe: FaceRecipe, checkpoint: Checkpoint) -> FaceGenerator:
    """The generator with the weights of ``checkpoint``, ready to restore."""
    return load_weights(FaceGenerator(recipe.network), checkpoint.weights).eval()


def face_pairs(
    recipe: FaceRecipe, faces: Sequence[CorpusPhoto], backgrounds: Sequence[CorpusPhoto], count: int
) -> PairBatch | None:
    """``count`` degraded ones of ``faces`` before ``backgrounds``, the same ones every time; None without a face."""
    if not faces:
        return None
    source = FreshFaces(faces, backgrounds, recipe.scenes, recipe.degradation, seed=recipe.schedule.seed + 1)
    return source.batch(0, count)


def _begun(
    smaller: FaceRecipe, source: FreshFaces, inspector: FaceInspector, facts: Facts, bench: Workbench
) -> Checkpoint:
    """The generator without its last scale, trained on what ``source`` shows, shrunk to its canvas."""
    with seeded(smaller.schedule.seed):
        stage = FaceStage(smaller, inspector, bench.device)
    facts = {**facts, "recipe": _training_of(smaller)}
    return fit(
        "face_beginning", stage, _batches(smaller, source, bench), smaller.schedule, facts, bench.part("beginning")
    )


def _batches(recipe: FaceRecipe, source: FreshFaces, bench: Workbench) -> Callable[[int], FaceBatch]:
    """Degraded and clean faces of a step, on the canvas of ``recipe``."""
    schedule = recipe.schedule

    def batches(step: int) -> FaceBatch:
        """The part of this process of one step's faces."""
        pairs = source.batch(step, schedule.batch_size, part_here()).shrunk_to(recipe.network.canvas_px)
        return FaceBatch(pairs.to(bench.device), schedule.has_passed(recipe.weights.adversarial_from, step))

    return batches


def _training_of(recipe: FaceRecipe) -> dict[str, object]:
    """What of ``recipe`` decides the weights: how faces are treated may change without training anew."""
    values = TypeAdapter(FaceRecipe).dump_python(recipe, mode="json")
    return {name: value for name, value in values.items() if name not in ("settings", "study_steps")}


@torch.inference_mode()
def restored_sheet(recipe: FaceRecipe, checkpoint: Checkpoint, faces: Corpus, backgrounds: Corpus) -> Tensor:
    """Degraded, restored and clean faces of the validation split, one a row; without faces a blank canvas."""
    pairs = face_pairs(recipe, faces.validation or faces.photos, backgrounds.validation, NUM_SHOWN)
    if pairs is None:
        blank = torch.full((1, 3, recipe.network.canvas_px, recipe.network.canvas_px), 0.5)
        pairs = PairBatch(blank, blank, blank[:, :1])
    drawn = trained_generator(recipe, checkpoint)(pairs.degraded)
    restored = pairs.degraded.lerp(drawn, feather(pairs.clean.shape[-1]))  # only the face itself travels
    cells = [[one[None] for one in row] for row in zip(pairs.degraded, restored, pairs.clean, strict=True)]
    return contact_sheet(cells, ["degraded", "restored", "clean"])
