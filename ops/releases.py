"""Released models: one folder with weights and a record, registered in MLflow under the alias ``released``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from torch import Tensor

from models.age import AgeConfig, AgeReader
from models.damage_kinds import DamageKinds, DamageKindsConfig
from models.detector import DefectDetector, DetectorConfig
from models.face import FaceGenerator, FaceGeneratorConfig
from models.fidelity_gate import FidelityGate, FidelityGateConfig
from models.inpainter import Inpainter, InpainterConfig
from models.mapping import LatentMapping, MappingConfig
from models.tone import ToneConfig, ToneReader
from models.triplet import TripletNetwork
from models.vae import Vae, VaeConfig
from ops.age import AgeRule
from ops.archive.provenance import ReleaseIdentity
from ops.checkpoints import Checkpoint, config_from_json, file_sha256, replace_text
from ops.detection.finder import DefectFinder
from ops.devices import has_fast_bfloat16, usable_device
from ops.faces.finder_weights import FaceFinderUnavailableError, face_finder
from ops.faces.restorer import FaceRestorer
from ops.faces.settings import FaceSettings
from ops.restoration import PhotoRestorer
from ops.tensor_files import load_tensors, load_weights, save_tensors
from ops.tiles import Tiling
from ops.tone import ToneRestorer
from ops.tracking import ensure_experiment

MODEL_NAME = "albumen"
ALIAS = "released"

_LATER = ("face", "face_settings", "kinds", "tone", "inpainter", "age")


@dataclass(frozen=True)
class ReleaseConfig:
    """The configurations of all networks of a release and how they are used together.

    ``face`` and ``face_settings`` are None in a release without a face generator, ``kinds`` in one that cannot tell
    kinds of damage apart, ``tone`` and ``least_sureness`` in one that leaves tone to the mapping, ``inpainter`` in one
    that begins with the first fill alone, ``age`` and what belongs to it in one that takes no photo for sound; they are
    absent from the files of releases written before there were any.
    ``threshold``, ``sure``, ``confirm`` and ``margin_px`` make masks of probabilities (``ops/detection``).
    """

    degraded_vae: VaeConfig
    clean_vae: VaeConfig
    mapping: MappingConfig
    gate: FidelityGateConfig | None
    detector: DetectorConfig
    threshold: float
    tiling: Tiling
    face: FaceGeneratorConfig | None = None
    face_settings: FaceSettings | None = None
    sure: float = 0.0
    confirm: tuple[float, ...] = ()
    kinds: DamageKindsConfig | None = None
    tone: ToneConfig | None = None
    least_sureness: float = 0.0
    inpainter: InpainterConfig | None = None
    margin_px: int = 0
    age: AgeConfig | None = None
    least_aged_prob: float = 0.0
    telling_share: float = 0.0

    def to_json(self) -> dict[str, object]:
        """As plain JSON values, without the fields of networks that came later and are not there: identities stay."""
        values = TypeAdapter(ReleaseConfig).dump_python(self, mode="json")
        if self.tone is None:
            del values["least_sureness"]
        if self.age is None:
            del values["least_aged_prob"], values["telling_share"]
        if not self.margin_px:
            del values["margin_px"]
        return {name: value for name, value in values.items() if value is not None or name not in _LATER}


@dataclass(frozen=True)
class FaceUse:
    """How the user of a release wants faces to be treated.

    Attributes:
        strength: 0 leaves them, 1 takes the generator's whole; None does as the release says.
        cache: a folder for the face finder's weights, which are no part of a release.
        log: receives a line when they are fetched.
        is_dispensable: whether photos may be restored without faces if nobody asked for a strength and the finder's
            weights cannot be brought; ``log`` then says so.
    """

    strength: float | None
    cache: Path
    log: Callable[[str], None]
    is_dispensable: bool = False


@dataclass(frozen=True)
class Networks:
    """The trained networks of a release; ``kinds``, ``tone`` and ``age`` where it has them."""

    detector: DefectDetector
    triplet: TripletNetwork
    kinds: DamageKinds | None = None
    tone: ToneReader | None = None
    age: AgeReader | None = None


class NoReleaseError(LookupError):
    """No model was released yet where one was looked for."""


def assemble(config: ReleaseConfig, weights: Mapping[str, tuple[Path, str]]) -> Networks:
    """Build the networks of ``config`` and fill them.

    ``weights`` names for each of ``degraded_vae``, ``clean_vae``, ``mapping``, ``gate``, ``detector``,
    ``damage_kinds``, ``tone``, ``age`` and ``inpainter``, as far as there are any, the file and the prefix of its
    tensors.
    """
    triplet = TripletNetwork(
        load_weights(Vae(config.degraded_vae), *weights["degraded_vae"]),
        load_weights(Vae(config.clean_vae), *weights["clean_vae"]),
        load_weights(LatentMapping(config.mapping), *weights["mapping"]),
        None if config.gate is None else load_weights(FidelityGate(config.gate), *weights["gate"]),
        None if config.inpainter is None else load_weights(Inpainter(config.inpainter), *weights["inpainter"]),
    )
    detector = load_weights(DefectDetector(config.detector), *weights["detector"])
    kinds = tone = age = None
    if config.kinds is not None:
        kinds = load_weights(DamageKinds(config.kinds, config.detector), *weights["damage_kinds"]).eval()
    if config.tone is not None:
        tone = load_weights(ToneReader(config.tone), *weights["tone"]).eval()
    if config.age is not None:
        age = load_weights(AgeReader(config.age), *weights["age"]).eval()
    return Networks(detector.eval(), triplet.eval(), kinds, tone, age)


def checkpoint_weights(
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    mapping: Checkpoint,
    detector: Checkpoint,
) -> dict[str, tuple[Path, str]]:
    """Where ``assemble`` finds the networks of freshly trained checkpoints."""
    return ({} if inpainter is None else {"inpainter": (inpainter.weights, "")}) | {
        "degraded_vae": (degraded_vae.weights, ""),
        "clean_vae": (clean_vae.weights, ""),
        "mapping": (mapping.weights, "mapping."),
        "gate": (mapping.weights, "gate."),
        "detector": (detector.weights, ""),
    }


def write_release(
    root: Path,
    config: ReleaseConfig,
    weights: Mapping[str, tuple[Path, str]],
    facts: Mapping[str, object],
    gain: float,
    card: str = "",
) -> Path:
    """Gather everything into one folder below ``root`` as ``model.safetensors``, ``model.json`` and ``README.md``.

    The folder is named by the sha256 of the release, which is over its weights and its configuration: both decide what
    a restored photo is.

    Args:
        root: of all releases.
        config: of the networks.
        weights: where the networks lie, see ``assemble``; with ``face_generator`` if ``config`` has one.
        facts: recorded in the release.
        gain: of the restored photo over the untouched one on held-out pairs, in dB.
        card: the model card in Markdown; see ``ops/model_cards.py``.

    Raises:
        ValueError: the gain is not positive; such a model is never released.
    """
    if not gain > 0:
        raise ValueError(f"ours gains {gain:.2f} dB over the untouched input on held-out pairs: not released; train on")
    tensors: dict[str, Tensor] = {}
    for network, (path, prefix) in weights.items():
        tensors |= {f"{network}.{name}": tensor for name, tensor in load_tensors(path, prefix).items()}
    making = root / f".making-{os.getpid()}"
    save_tensors(making / "model.safetensors", tensors)
    stored = config.to_json()
    sha256 = _identity(making / "model.safetensors", stored)
    record = {"sha256": sha256, "config": stored, "facts": dict(facts)}
    replace_text(making / "model.json", json.dumps(record, indent=1))
    replace_text(making / "README.md", card)
    folder = root / sha256[:12]
    shutil.rmtree(folder, ignore_errors=True)
    making.replace(folder)
    return folder


def load_release(
    folder: Path,
    strength: float = 1.0,
    device: str = "cpu",
    faces: FaceUse | None = None,
    *,
    all_marks: bool = False,
    tone_strength: float = 1.0,
) -> PhotoRestorer:
    """Load a release folder ready to restore.

    Args:
        folder: of the release.
        strength: of the restoration, 0 to 1.
        device: a torch device.
        faces: how to treat faces; None leaves them as the network makes them.
        all_marks: whether all that the detector marks counts, also what looks whole from further away, and on photos
            that look sound.
        tone_strength: how far fading, yellowing and casts are taken back, 0 (not at all) to 1, if the release can.

    Raises:
        ValueError: weights or configuration are not those the release was made with, or faces are to be enhanced and
            it has no face generator.
        FaceFinderUnavailableError: faces are to be enhanced, and the finder's weights cannot be brought.
    """
    record = json.loads((folder / "model.json").read_text())
    config = config_from_json(ReleaseConfig, record["config"])
    path = folder / "model.safetensors"
    if _identity(path, record["config"]) != record["sha256"]:
        raise ValueError(f"{folder} is not the release it says ({record['sha256'][:12]}...): delete it, fetch it again")
    names = ("degraded_vae", "clean_vae", "mapping", "gate", "detector", "damage_kinds", "tone", "age", "inpainter")
    networks = assemble(config, {name: (path, f"{name}.") for name in names})
    finder = DefectFinder(
        networks.detector,
        config.threshold,
        config.tiling.tile_px,
        device,
        config.sure,
        () if all_marks else config.confirm,
        networks.kinds,
        config.margin_px,
    )
    return PhotoRestorer(
        finder,
        networks.triplet,
        config.tiling,
        strength,
        device,
        is_bf16=has_fast_bfloat16(usable_device(device)),
        faces=None if faces is None else _load_faces(config, path, faces, device),
        tone=None
        if networks.tone is None
        else ToneRestorer(networks.tone, config.least_sureness, tone_strength, device),
        age=None
        if networks.age is None or all_marks
        else AgeRule(networks.age, config.least_aged_prob, config.telling_share, device),
    )


def _load_faces(config: ReleaseConfig, weights: Path, use: FaceUse, device: str) -> FaceRestorer | None:
    if config.face is None or config.face_settings is None:
        if use.strength:
            raise ValueError(
                f"faces cannot be enhanced at strength {use.strength:g}: this release has no face generator; leave the "
                "strength out, or train one and release it with `albumen train --faces`"
            )
        return None
    strength = config.face_settings.strength if use.strength is None else use.strength
    if strength == 0:
        return None
    try:
        finder = face_finder(use.cache, use.log)
    except FaceFinderUnavailableError as error:
        if use.strength is not None or not use.is_dispensable:
            raise
        use.log(f"faces are left as they are: {error}")
        return None
    generator = load_weights(FaceGenerator(config.face), weights, "face_generator.")
    return FaceRestorer(finder, generator, config.face_settings, strength, device)


def register_release(tracking_uri: str, artifacts: Path, folder: Path, run_id: str) -> ReleaseIdentity:
    """Register the release in ``folder`` as a new version of ``albumen`` and point the alias ``released`` to it."""
    import mlflow

    ensure_experiment(tracking_uri, artifacts)
    client = mlflow.MlflowClient()
    record = json.loads((folder / "model.json").read_text())
    known = {model.name for model in client.search_registered_models(f"name = '{MODEL_NAME}'")}
    if MODEL_NAME not in known:
        client.create_registered_model(MODEL_NAME, description="Old-photo restoration: detector and triplet network")
    logged = mlflow.initialize_logged_model(
        name=MODEL_NAME, source_run_id=run_id, model_type="restoration", tags={"format": "safetensors"}
    )
    client.log_model_artifacts(logged.model_id, str(folder))
    mlflow.finalize_logged_model(logged.model_id, "READY")
    version = client.create_model_version(
        MODEL_NAME, source=f"models:/{logged.model_id}", run_id=run_id, model_id=logged.model_id,
        tags={"sha256": record["sha256"]},
    )  # fmt: skip
    client.set_registered_model_alias(MODEL_NAME, ALIAS, version.version)
    return ReleaseIdentity(MODEL_NAME, str(version.version), record["sha256"])


def released_identity(tracking_uri: str) -> ReleaseIdentity:
    """Which model is released.

    Raises:
        NoReleaseError: nothing was released at this tracking address.
    """
    import mlflow

    mlflow.set_tracking_uri(tracking_uri)
    try:
        version = mlflow.MlflowClient().get_model_version_by_alias(MODEL_NAME, ALIAS)
    except mlflow.exceptions.MlflowException as error:
        raise NoReleaseError(
            f"no released model '{MODEL_NAME}' at {tracking_uri}: run `make demo`, or materialize the asset "
            "released_model, or set ALBUMEN_HOME to the installation that has one"
        ) from error
    return ReleaseIdentity(MODEL_NAME, str(version.version), version.tags["sha256"])


def fetch_release(tracking_uri: str, cache: Path) -> tuple[ReleaseIdentity, Path]:
    """Find the released model and bring it into ``cache``; returns who it is and its folder.

    Raises:
        NoReleaseError: nothing was released at this tracking address.
    """
    import mlflow

    release = released_identity(tracking_uri)
    folder = cache / release.digest
    if not (folder / "model.json").is_file():
        mlflow.artifacts.download_artifacts(f"models:/{MODEL_NAME}/{release.version}", dst_path=str(folder))
    return release, folder


def _identity(weights: Path, stored: Mapping[str, object]) -> str:
    """One checksum over weights and configuration, as it is ``stored``: a field that is added later changes none."""
    text = f"{file_sha256(weights)} {json.dumps(stored, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()
