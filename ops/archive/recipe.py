"""Everything beside the released model that decides a result, in one line; and the software it was made with."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version

from ops.archive.copies import Copies
from ops.archive.craft import Craft
from ops.archive.labels import LABEL_VERSION
from ops.archive.provenance import ReleaseIdentity
from ops.archive.review_rules import ReviewRules
from ops.decoding import Decode
from ops.restoration import PhotoRestorer

# Raise it when the same pixels would be written as another file: JPEG quality, depth, compression, metadata.
ENCODING_VERSION = 2  # 2: every page of a TIFF, with its name and number
# Whoever touches the numbers between the bytes of the original and those of the result.
_DECIDING = ("albumen", "torch", "numpy", "pillow", "imagecodecs", "tifffile", "safetensors")


def archive_craft(
    release: ReleaseIdentity,
    restorer: PhotoRestorer,
    decode: Decode,
    sign: Callable[[bytes, str], bytes] | None,
    copies: Copies | None = None,
) -> Craft:
    """How the archive run uses a released model; ``sign`` adds content credentials, ``copies`` are made beside."""
    rules = ReviewRules()
    precision = "bfloat16" if restorer.is_bf16 else "float32"
    recipe = archive_recipe(f"{restorer.recipe} {precision}", rules, is_signed=sign is not None)
    return Craft(restorer, release, recipe, decode, rules, software_versions(restorer.device), sign, copies)


def archive_recipe(restorer_recipe: str, rules: ReviewRules, *, is_signed: bool) -> str:
    """The recipe of an archive run.

    The release's sha256 covers weights, configuration, threshold and tiling; this names the rest: how the model is
    used, when a result waits for a person, how it is encoded and labelled.
    """
    return f"{restorer_recipe} {rules.recipe} encoding={ENCODING_VERSION} label={LABEL_VERSION}" + (
        " signed" if is_signed else ""
    )


def software_versions(device: str) -> dict[str, str]:
    """The versions of what decides how a restored photo looks down to the last bit, and where it was computed."""
    machine = {"python": platform.python_version(), "machine": platform.machine(), "device": device}
    return machine | {name: version(name) for name in _DECIDING}
