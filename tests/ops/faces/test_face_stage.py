import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.discriminators import DiscriminatorConfig
from models.face import FaceGeneratorConfig, FaceNorm, Start
from models.face_finder import FaceFinder
from ops.corpora.records import HELD_OUT, TRAIN, Corpus, CorpusPhoto
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.faces.aligned import aligned_faces, collect_faces
from ops.faces.injection_study import injection_variants, study_injection
from ops.faces.judge import example_faces, face_psnr, judge_generator, report_faces
from ops.faces.scenes import FaceScenes
from ops.faces.settings import FaceSettings
from ops.faces.verdict import FaceVerdict
from ops.images import decode_rgb, encode_png
from ops.stages.face import (
    FaceRecipe,
    FaceStage,
    FaceWeights,
    face_error,
    face_pairs,
    train_face_generator,
    trained_generator,
)
from ops.tensor_files import load_tensors
from ops.tracking import MemoryLog
from ops.training import Schedule, Workbench

BLURRED = replace(
    STANDARD_DEGRADATION,
    undamaged_share=0.0,
    defects=replace(STANDARD_DEGRADATION.defects, probability=0.0),
    blur=replace(STANDARD_DEGRADATION.blur, probability=1.0, weights=(1, 0, 0, 0), sigma=(1.0, 1.0)),
)
NOTHING = Corpus("none", ())


@pytest.fixture
def recipe(settings: FaceSettings) -> FaceRecipe:
    return FaceRecipe(
        network=FaceGeneratorConfig(
            16,
            ((8,), (8,), (6,)),
            4,
            (16, 32, 64),
            Start.FACE,
            4,
            FaceNorm.PIXEL,
            is_spectral=False,
            has_pixel_shortcut=True,
        ),
        discriminator=DiscriminatorConfig(4, 2, 1),
        weights=FaceWeights(
            decibel=0.1, adversarial=0.01, feature_matching=0.2, adversarial_from=0.9, perceptual=0.3, structure=2.0
        ),
        beginning=None,
        schedule=Schedule(30, 30, 2, 64, 3e-3, 2e-4, (0.9, 0.99), 1.0, 0.0, is_bf16=False, seed=0),
        scenes=FaceScenes(behind=0.5, turned=0.0, lit=0.3, varied=0.3),
        degradation=BLURRED,
        settings=settings,
        study_steps=2,
    )


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path / "checkpoints", MemoryLog(), lambda _: None)


@pytest.fixture
def photos(portrait: Tensor, tmp_path: Path) -> Corpus:
    """The astronaut twice, once to train and once held out, and a wall."""
    pixels = {TRAIN: portrait, HELD_OUT: portrait.flip(-1), "wall": torch.full((1, 3, 80, 80), 0.5)}
    return Corpus("clean", tuple(_stored(name, photo, tmp_path) for name, photo in pixels.items()))


def _stored(name: str, photo: Tensor, folder: Path) -> CorpusPhoto:
    png, path = encode_png(photo), folder / f"{name}.png"
    path.write_bytes(png)
    split = HELD_OUT if name == HELD_OUT else TRAIN
    height, width = photo.shape[-2:]
    return CorpusPhoto(name, path, hashlib.sha256(png).hexdigest(), width, height, split, "a test", "none")


@pytest.fixture
def faces(photos: Corpus, finder: FaceFinder, settings: FaceSettings, tmp_path: Path) -> Corpus:
    return aligned_faces(photos, finder, settings, tmp_path / "faces", lambda _: None)


def test_each_face_stays_on_the_side_of_its_photo(faces: Corpus) -> None:
    assert [(face.name, face.split) for face in faces.photos] == [("held_out#0", HELD_OUT), ("train#0", TRAIN)]
    assert all((face.width, face.height) == (64, 64) for face in faces.photos)


def test_without_a_finder_there_are_no_faces_and_no_error(
    photos: Corpus, settings: FaceSettings, tmp_path: Path
) -> None:
    assert collect_faces(None, photos, settings, tmp_path, False, lambda _: None).photos == ()


def test_training_lowers_the_loss(recipe: FaceRecipe, faces: Corpus, finder: FaceFinder, bench: Workbench) -> None:
    checkpoint = train_face_generator(recipe, faces, NOTHING, finder, {}, bench)
    first, last = checkpoint.history[0], checkpoint.history[-1]
    assert checkpoint.step == 30
    pairs = face_pairs(recipe, faces.held_out, (), 8)
    assert pairs is not None
    restored = trained_generator(recipe, checkpoint)(pairs.degraded)
    assert face_error(restored, pairs.clean) < face_error(pairs.degraded, pairs.clean)
    assert set(last) - set(first) == {"adversarial", "feature_matching", "discriminator"}  # the judge joins late


def test_a_generator_that_grows_begins_with_the_scales_of_the_smaller_one(
    recipe: FaceRecipe, faces: Corpus, finder: FaceFinder, bench: Workbench
) -> None:
    canvas = replace(recipe.network, start_px=32, injection_px=(32, 64, 128))
    beginning = replace(recipe.schedule, steps=2, crop_px=64)
    growing = replace(recipe, network=canvas, beginning=beginning, schedule=replace(recipe.schedule, steps=1))
    grown = train_face_generator(growing, _enlarged(faces), NOTHING, finder, {}, bench)
    (folder,) = bench.root.glob("face_beginning-*")
    assert grown.facts["grown from"] == hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    begun = load_tensors(folder / "weights.safetensors")
    weights = load_tensors(grown.weights)
    taken = [name for name in begun if not name.startswith("end.")]
    assert all(torch.equal(weights[name], begun[name]) for name in taken)  # the way out is silent in the first update
    assert trained_generator(growing, grown).config.canvas_px == 128


def test_the_inspector_is_not_trained(recipe: FaceRecipe, finder: FaceFinder) -> None:
    stage = FaceStage(recipe, finder.inspector, "cpu")
    trained = {id(parameter) for net in (stage.trained, stage.adversaries) for parameter in net.parameters()}
    assert not any(id(parameter) in trained or parameter.requires_grad for parameter in finder.inspector.parameters())


def test_without_faces_the_generator_leaves_faces_alone(
    recipe: FaceRecipe, finder: FaceFinder, bench: Workbench
) -> None:
    checkpoint = train_face_generator(recipe, NOTHING, NOTHING, finder, {}, bench)
    face = torch.rand(1, 3, 64, 64)
    assert checkpoint.step == 0
    assert torch.equal(trained_generator(recipe, checkpoint)(face), face)


def test_without_faces_a_generator_that_cannot_leave_them_alone_is_refused(
    recipe: FaceRecipe, finder: FaceFinder, bench: Workbench
) -> None:
    drawing = replace(recipe, network=replace(recipe.network, has_pixel_shortcut=False))
    with pytest.raises(ValueError, match="ALBUMEN_FACE_PHOTOS"):
        train_face_generator(drawing, NOTHING, NOTHING, finder, {}, bench)


def test_a_generator_judged_on_few_faces_may_not_touch_any(
    recipe: FaceRecipe, faces: Corpus, finder: FaceFinder
) -> None:
    pairs = face_pairs(recipe, faces.held_out, (), 4)
    assert pairs is not None

    class Oracle(torch.nn.Module):
        def forward(self, degraded: Tensor) -> Tensor:
            index = next(i for i, one in enumerate(pairs.degraded) if torch.equal(one, degraded[0]))
            return pairs.clean[index][None]

    many, few = (judge_generator(Oracle(), finder, pairs, n, recipe.settings) for n in (10, 9))
    assert (many.strength, few.strength) == (recipe.settings.strength, 0.0)


def test_a_generator_that_helps_nobody_may_not_touch_any(
    recipe: FaceRecipe, faces: Corpus, finder: FaceFinder, bench: Workbench
) -> None:
    untouched = train_face_generator(recipe, NOTHING, NOTHING, finder, {}, bench)
    report = report_faces(recipe, untouched, faces, NOTHING, NOTHING, finder)
    assert report.verdict.psnr_restored == report.verdict.psnr_input
    assert report.verdict.strength == 0
    assert report_faces(recipe, untouched, faces, NOTHING, NOTHING, None).verdict.num_faces == 0


def test_the_examples_show_every_face_before_and_after(
    photos: Corpus, finder: FaceFinder, settings: FaceSettings
) -> None:
    sheet = example_faces(torch.nn.Identity(), finder, photos, settings)
    assert sheet is not None
    assert sheet.shape[1] == 3


class UnchangingLog(MemoryLog):
    """Refuses another value of a setting, as MLflow does: two trainings in one log must go by different names."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, object] = {}

    def settings(self, values: Mapping[str, object]) -> None:
        """Keep settings, and compare."""
        for name, value in values.items():
            assert self.known.setdefault(name, value) == value, name


def test_the_study_changes_where_the_face_comes_in_and_nothing_else(
    recipe: FaceRecipe, faces: Corpus, finder: FaceFinder, bench: Workbench
) -> None:
    variants = injection_variants(recipe)
    assert [variant.network.injection_px for variant in variants.values()] == [(16,), (64,), (16, 32, 64)]
    same = [
        replace(one, network=replace(one.network, injection_px=()))
        == replace(two, network=replace(two.network, injection_px=()))
        for one in variants.values()
        for two in variants.values()
    ]
    assert all(same)
    study = study_injection(recipe, faces, NOTHING, finder, {}, replace(bench, log=UnchangingLog()))
    assert study.table.count("\n") == 5


def test_another_strength_needs_no_new_training(
    recipe: FaceRecipe, faces: Corpus, finder: FaceFinder, bench: Workbench
) -> None:
    short = replace(recipe, schedule=replace(recipe.schedule, steps=1))
    stronger = replace(short, settings=replace(short.settings, strength=0.3), study_steps=7)
    first, second = (train_face_generator(one, faces, NOTHING, finder, {}, bench) for one in (short, stronger))
    assert first.folder == second.folder


def test_the_error_within_the_face_counts_and_that_around_it_does_not() -> None:
    clean = torch.full((1, 3, 64, 64), 0.5)
    around, within = clean.clone(), clean.clone()
    around[..., :4, :] = 0.9
    within[..., 32:40, 28:36] = 0.9
    assert face_error(around, clean) == face_error(clean, clean)
    assert face_error(within, clean) > face_error(clean, clean) + 3
    assert face_psnr(around, clean) == 60 > face_psnr(within, clean)


def test_a_generator_must_be_nearer_to_the_truth_by_every_measure_at_hand() -> None:
    better = FaceVerdict(12, 25.0, 26.0, 0.02, 0.01, 0.5, 0.2, 0.1)
    assert better.is_better
    assert replace(better, lpips_input=None, lpips_restored=None).is_better
    for worse in ({"psnr_restored": 24.9}, {"structure_restored": 0.021}, {"lpips_restored": 0.21}):
        assert not replace(better, **worse).is_better


def _enlarged(faces: Corpus) -> Corpus:
    """Each face at twice its size, beside the original."""
    photos = []
    for photo in faces.photos:
        large = F.interpolate(decode_rgb(photo.read()), scale_factor=2, mode="bilinear")
        png = encode_png(large)
        path = photo.path.with_name(f"large-{photo.path.stem}.png")
        path.write_bytes(png)
        sides = {"width": 2 * photo.width, "height": 2 * photo.height}
        photos.append(replace(photo, path=path, sha256=hashlib.sha256(png).hexdigest(), **sides))
    return Corpus("large", tuple(photos))
