"""Photos from file to file, for the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from ops.degradation.degrade import apply_plan
from ops.degradation.plan import Plan, plan_to_json
from ops.images import Photo, PhotoError, decode_mask, decode_photo, encode_jpeg, encode_photo, encode_png
from ops.pictures import contact_sheet, mask_overlay
from ops.restoration import Restoration


def restore_file(
    photo: Path,
    target: Path,
    restore: Callable[[Tensor, Tensor | None], Restoration],
    comparison: Path | None,
    mask: Path | None = None,
    mask_target: Path | None = None,
) -> Restoration:
    """Restore the file ``photo`` to the file ``target`` in the same format, size, depth and colour profile.

    Args:
        photo: is only read.
        target: replaced if it exists; appears whole or not at all.
        restore: old photo (1, 3, H, W) in [0, 1] and mask, if one is given -> restoration.
        comparison: where to write a JPEG of before, found defects and after; None for none.
        mask: a picture of the photo's size, white where it is damaged; None to look for the defects.
        mask_target: where to write the mask that was used, as PNG; None for nowhere.

    Raises:
        PhotoError: a file is no picture that can be read; says why.
        ValueError: the mask has another size than the photo, or ``target`` is the original itself.
    """
    if target.exists() and target.samefile(photo):
        raise ValueError(f"{target} is the original itself; choose another folder, originals are never overwritten")
    old = _read_photo(photo)
    restoration = restore(old.pixels, None if mask is None else decode_mask(_read(mask)))
    _replace(target, encode_photo(restoration.restored, like=old))
    if mask_target is not None:
        _replace(mask_target, encode_png(restoration.mask))
    if comparison is not None:
        cells = [[old.pixels, mask_overlay(old.pixels, restoration.mask), restoration.restored]]
        cell_px = min(1024, max(old.pixels.shape[-2:]))
        _replace(comparison, encode_jpeg(contact_sheet(cells, ["before", "defects found", "after"], cell_px=cell_px)))
    return restoration


def degrade_file(photo: Path, out: Path, draw: Callable[[int, int], Plan]) -> None:
    """Damage the file ``photo`` by the plan that ``draw`` makes for its height and width; same plan, same bytes.

    Writes ``NAME.degraded.png``, ``NAME.mask.png`` (white = structured damage) and ``NAME.plan.json`` into ``out``.

    Raises:
        PhotoError: the file is no photo that can be read; says why.
    """
    clean = _read_photo(photo).pixels
    pair = apply_plan(clean, draw(*clean.shape[-2:]))
    out.mkdir(parents=True, exist_ok=True)
    _replace(out / f"{photo.stem}.degraded.png", encode_png(pair.degraded))
    _replace(out / f"{photo.stem}.mask.png", encode_png(pair.mask))
    _replace(out / f"{photo.stem}.plan.json", plan_to_json(pair.plan).encode())


def _read_photo(photo: Path) -> Photo:
    return decode_photo(_read(photo))


def _read(picture: Path) -> bytes:
    try:
        return picture.read_bytes()
    except OSError as error:
        reason = f"{picture} cannot be read: {error.strerror}; check the name and the rights"
        raise PhotoError("unreadable", reason) from error


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(path)
