import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.face import FaceGenerator, FaceGeneratorConfig, FaceNorm, Start
from models.face_finder import FaceFinder
from ops.checkpoints import Checkpoint, config_to_json, file_sha256
from ops.corpora.records import Corpus
from ops.faces.finder_weights import FaceFinderUnavailableError
from ops.faces.records import Outcome
from ops.faces.released import released_faces
from ops.faces.settings import FaceSettings
from ops.faces.verdict import FaceVerdict, JudgedFaces
from ops.recipes import SMOKE
from ops.releases import FaceUse, load_release, write_release
from ops.tensor_files import save_tensors
from tests.ops.small_networks import CONFIG, small_weights

GENERATOR = FaceGeneratorConfig(
    16, ((4,), (4,), (4,)), 4, (16, 32, 64), Start.FACE, 0, FaceNorm.PIXEL, is_spectral=False, has_pixel_shortcut=True
)
HELPFUL = FaceVerdict(12, 25.0, 26.0, 0.02, 0.01, strength=0.5)


def use(folder: Path, strength: float | None = None) -> FaceUse:
    return FaceUse(strength, folder / "finder", lambda _: None)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    return write_release(tmp_path / "releases", CONFIG, small_weights(tmp_path / "trained"), {}, gain=1.0)


@pytest.fixture
def with_faces(tmp_path: Path, plain: Path, settings: FaceSettings) -> Path:
    """The networks of ``plain`` and a generator that draws something."""
    generator = FaceGenerator(GENERATOR)
    for parameter in generator.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    save_tensors(tmp_path / "generator.safetensors", generator.state_dict())
    names = ("degraded_vae", "clean_vae", "mapping", "gate", "detector", "damage_kinds", "inpainter")
    weights = {name: (plain / "model.safetensors", f"{name}.") for name in names}
    weights["face_generator"] = (tmp_path / "generator.safetensors", "")
    config = replace(CONFIG, face=GENERATOR, face_settings=replace(settings, strength=0.5))
    return write_release(tmp_path / "releases", config, weights, {}, gain=1.0)


@pytest.fixture
def found(finder: FaceFinder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.releases.face_finder", lambda *_: finder)


@pytest.fixture
def no_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nobody needs the finder")

    monkeypatch.setattr("ops.releases.face_finder", refuse)


def test_a_release_without_faces_is_written_and_named_as_before_there_were_any(plain: Path) -> None:
    record = json.loads((plain / "model.json").read_text())
    assert not [name for name in record["config"] if name.startswith("face")]
    text = f"{file_sha256(plain / 'model.safetensors')} {json.dumps(record['config'], sort_keys=True)}"
    assert record["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.usefixtures("no_finder")
def test_a_release_without_faces_leaves_them_and_refuses_to_enhance_any(plain: Path, tmp_path: Path) -> None:
    for strength in (None, 0.0):
        restorer = load_release(plain, faces=use(tmp_path, strength))
        assert (restorer.faces, restorer.recipe) == (None, "strength=1")
    with pytest.raises(ValueError, match=r"strength 0\.5: this release has no face generator"):
        load_release(plain, faces=use(tmp_path, 0.5))


@pytest.mark.usefixtures("no_finder")
def test_without_strength_nobody_asks_for_the_finder(with_faces: Path, tmp_path: Path) -> None:
    assert load_release(with_faces).faces is None
    assert load_release(with_faces, faces=use(tmp_path, 0.0)).faces is None


def test_without_the_finder_faces_are_left_with_a_line_only_where_nobody_insists(
    with_faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise FaceFinderUnavailableError("no package index in reach")

    monkeypatch.setattr("ops.releases.face_finder", refuse)
    lines: list[str] = []
    dispensable = FaceUse(None, tmp_path, lines.append, is_dispensable=True)
    restorer = load_release(with_faces, faces=dispensable)
    assert (restorer.faces, restorer.recipe) == (None, "strength=1")
    assert lines == ["faces are left as they are: no package index in reach"]
    for insisting in (replace(dispensable, strength=0.5), replace(dispensable, is_dispensable=False)):
        with pytest.raises(FaceFinderUnavailableError):
            load_release(with_faces, faces=insisting)


@pytest.mark.usefixtures("found")
def test_the_recipe_names_the_strength_asked_for_or_that_of_the_release(with_faces: Path, tmp_path: Path) -> None:
    assert load_release(with_faces, faces=use(tmp_path)).recipe == "strength=1 face_strength=0.5"
    assert load_release(with_faces, faces=use(tmp_path, 0.8)).recipe == "strength=1 face_strength=0.8"


@pytest.mark.usefixtures("found")
def test_a_photo_without_a_face_is_the_same_to_the_last_bit(with_faces: Path, plain: Path, tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 90, 120)
    restoration = load_release(with_faces, faces=use(tmp_path))(photo)
    assert torch.equal(restoration.restored, load_release(plain)(photo).restored)
    assert restoration.faces == ()
    assert "faces" not in restoration.facts


@pytest.mark.usefixtures("found")
def test_a_face_is_enhanced_after_the_photo_and_recorded(with_faces: Path, tmp_path: Path, portrait: Tensor) -> None:
    restoration = load_release(with_faces, strength=0.0, faces=use(tmp_path, 1.0))(portrait)
    (face,) = restoration.faces
    assert face.outcome == Outcome.ENHANCED
    assert (restoration.facts["faces"], restoration.facts["enhanced_faces"]) == (1, 1)
    assert restoration.facts["face_change"] == face.structure_distance
    change = (restoration.restored - portrait).abs().amax(dim=1)[0]
    assert change[40:80, 95:130].max() > 0
    assert change[150:].max() == 0


def judged(tmp_path: Path, verdict: FaceVerdict) -> JudgedFaces:
    facts = {"recipe": config_to_json(SMOKE.face), "scale": "SMOKE"}
    return JudgedFaces(Checkpoint(tmp_path, "face_generator", 9, "ab" * 32, facts, ()), verdict)


def test_a_generator_that_helps_is_released_at_the_strength_of_its_verdict(tmp_path: Path) -> None:
    faces = released_faces(judged(tmp_path, HELPFUL), "SMOKE", SMOKE.face.settings)
    assert faces.network == SMOKE.face.network
    assert faces.settings is not None
    assert faces.settings.strength == 0.5
    assert faces.weights == {"face_generator": (tmp_path / "weights.safetensors", "")}
    assert faces.learnt_from(Corpus("aligned-faces", ())) == (Corpus("aligned-faces", ()),)


def test_no_other_generator_is_released_and_the_card_says_why(tmp_path: Path) -> None:
    useless = judged(tmp_path, replace(HELPFUL, strength=0.0))
    refused = {
        "no face generator was trained": released_faces(None, "SMOKE", SMOKE.face.settings),
        "does not help enough people": released_faces(useless, "SMOKE", SMOKE.face.settings),
        "trained at scale SMOKE, not STANDARD": released_faces(
            judged(tmp_path, HELPFUL), "STANDARD", SMOKE.face.settings
        ),
    }
    for reason, faces in refused.items():
        assert reason in faces.note
        assert (faces.network, faces.settings, faces.weights, faces.checkpoints) == (None, None, {}, ())
        assert faces.learnt_from(Corpus("aligned-faces", ())) == ()
