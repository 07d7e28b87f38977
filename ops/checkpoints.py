"""The record of a trained network: where its weights lie, what they are, how they came about.

No tensor is read here (``ops/tensor_files.py`` does that), so orchestration can handle records without loading torch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

C = TypeVar("C")


@dataclass(frozen=True)
class Checkpoint:
    """A finished or running training: where it lies, what it is, how far it went.

    Attributes:
        folder: holds ``weights.safetensors`` and ``checkpoint.json``.
        stage: which network this is, e.g. ``clean_vae``.
        step: optimiser updates done.
        sha256: of the weights file.
        facts: what decided the result: recipe, checksums of the data and of the networks it builds on.
        history: the losses every 25 steps.
    """

    folder: Path
    stage: str
    step: int
    sha256: str
    facts: Mapping[str, Any]
    history: tuple[dict[str, float], ...]

    @property
    def weights(self) -> Path:
        """The weights file."""
        return self.folder / "weights.safetensors"


def write_checkpoint(
    folder: Path, stage: str, step: int, facts: Mapping[str, object], history: Sequence[dict[str, float]]
) -> Checkpoint:
    """Describe the weights that lie in ``folder`` by the record ``checkpoint.json`` beside them."""
    sha256 = file_sha256(folder / "weights.safetensors")
    checkpoint = Checkpoint(folder, stage, step, sha256, dict(facts), tuple(history))
    replace_text(folder / "checkpoint.json", TypeAdapter(Checkpoint).dump_json(checkpoint, indent=1).decode())
    return checkpoint


def find_checkpoint(folder: Path) -> Checkpoint | None:
    """The record in ``folder`` as it stands; its weights may be a newer save if a training died between the two."""
    path = folder / "checkpoint.json"
    if not path.is_file():
        return None
    return replace(TypeAdapter(Checkpoint).validate_json(path.read_bytes()), folder=folder)


def verify_checkpoint(checkpoint: Checkpoint) -> Checkpoint:
    """Return ``checkpoint`` if its weights have the checksum that it states.

    Raises:
        ValueError: they have not.
    """
    found = file_sha256(checkpoint.weights)
    if found != checkpoint.sha256:
        raise ValueError(
            f"{checkpoint.weights} has sha256 {found[:12]}..., its record says {checkpoint.sha256[:12]}...; "
            f"the file was damaged or swapped: delete {checkpoint.folder} and train again"
        )
    return checkpoint


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` by way of a temporary name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def file_sha256(path: Path) -> str:
    """Checksum of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config_to_json(config: object) -> object:
    """A frozen configuration as plain JSON values."""
    return TypeAdapter(type(config)).dump_python(config, mode="json")


def config_from_json(kind: type[C], record: object) -> C:
    """Build the frozen configuration ``kind`` from what ``config_to_json`` wrote; a wrong value raises ValueError."""
    return TypeAdapter(kind).validate_python(record)


def fingerprint(*parts: object) -> str:
    """A short name for everything that decides a result: twelve digits of the sha256 over the JSON of ``parts``."""
    text = json.dumps([config_to_json(part) for part in parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
