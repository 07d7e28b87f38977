"""Which model restores: the one that comes with the project, or the newest one trained and released here."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path

import models
from ops.archive.provenance import ReleaseIdentity
from ops.releases import NoReleaseError, fetch_release, released_identity

SHIPPED_NAME = "albumen-standard"
SHIPPED_FOLDER = Path(models.__file__).parent / "weights" / "standard"


class ModelChoice(Enum):
    """``SHIPPED`` weights need no training; ``TRAINED`` follows the alias ``released`` in MLflow."""

    SHIPPED = "shipped"
    TRAINED = "trained"


def chosen_identity(choice: ModelChoice, tracking_uri: str, shipped: Path = SHIPPED_FOLDER) -> ReleaseIdentity:
    """Who the chosen model is.

    Raises:
        NoReleaseError: the choice has no model: none was trained and released, or the shipped one is not there.
    """
    return _shipped_identity(shipped) if choice is ModelChoice.SHIPPED else released_identity(tracking_uri)


def fetch_chosen(
    choice: ModelChoice, tracking_uri: str, cache: Path, shipped: Path = SHIPPED_FOLDER
) -> tuple[ReleaseIdentity, Path]:
    """The chosen model and the folder to load it from (``ops.releases.load_release`` verifies the checksum).

    Args:
        choice: shipped or trained.
        tracking_uri: of MLflow, asked for a trained model.
        cache: where trained models are brought to.
        shipped: where the shipped model lies.

    Raises:
        NoReleaseError: as ``chosen_identity``.
    """
    if choice is ModelChoice.SHIPPED:
        return _shipped_identity(shipped), shipped
    return fetch_release(tracking_uri, cache)


def _shipped_identity(folder: Path) -> ReleaseIdentity:
    path = folder / "model.json"
    if not path.is_file():
        raise NoReleaseError(
            f"the model that comes with Albumen is missing: {path} is not there; install again, or train one "
            "(`make demo`) and set ALBUMEN_MODEL=trained"
        )
    record = json.loads(path.read_text())
    return ReleaseIdentity(SHIPPED_NAME, str(record["facts"]["edition"]), record["sha256"])
