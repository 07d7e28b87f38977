"""Photos from file to file, for the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from ops.degradation.degrade import apply_plan
from ops.degradation.plan import Plan, plan_to_json
from ops.images import PhotoError, decode_pages, decode_rgb, encode_jpeg, encode_pages, encode_png, page_key
from ops.pictures import class_colours, class_overlay, contact_sheet, mask_overlay, with_legend
from ops.restoration import Restoration


def restore_file(
    photo: Path,
    target: Path,
    restore: Callable[[Tensor, Tensor | None], Restoration],
    comparison: Path | None,
    mask: Path | None = None,
    mask_target: Path | None = None,
    kinds_target: Path | None = None,
) -> tuple[Restoration, ...]:
    """Restore the file ``photo`` to the file ``target`` in the same format, size, depth and colour profile.

    Every page of a TIFF is restored; the results of further pages have ``page-2`` and so on in their names.

    Args:
        photo: is only read.
        target: replaced if it exists; appears whole or not at all.
        restore: old photo (1, 3, H, W) in [0, 1] and mask, if one is given -> restoration.
        comparison: where to write a JPEG of before, found defects and after, a row a page; None for none.
        mask: a picture of the photo's size, white where it is damaged, with as many pages as the photo; None to look
            for the defects.
        mask_target: where to write the mask that was used, as PNG; None for nowhere.
        kinds_target: where to write what kind the found damage is, a colour for each, as PNG; None for nowhere.

    Returns:
        What became of each page.

    Raises:
        PhotoError: a file is no picture that can be read; says why.
        ValueError: the mask has another size or other pages than the photo, ``target`` is the original itself, or
            kinds are asked for where the model cannot tell them.
    """
    if target.exists() and target.samefile(photo):
        raise ValueError(f"{target} is the original itself; choose another folder, originals are never overwritten")
    pages = decode_pages(_read(photo))
    masks = [None] * len(pages) if mask is None else [page.pixels[:, :1].clone() for page in decode_pages(_read(mask))]
    if len(masks) != len(pages):
        raise ValueError(f"{mask} has {len(masks)} pages, {photo} has {len(pages)}; give a mask with a page for each")
    restorations = tuple(restore(*each) for each in zip((page.pixels for page in pages), masks, strict=True))
    kinds = [each.kinds for each in restorations]
    if kinds_target is not None and None in kinds:
        raise ValueError(
            "this model does not tell kinds of damage apart, or the mask was given: leave --save-kinds away, or take "
            "a model that has them and let it find the damage"
        )
    _replace(target, encode_pages([each.restored for each in restorations], like=pages))
    for number, each in enumerate(restorations if mask_target else (), 1):
        assert mask_target is not None
        _replace(mask_target.with_name(page_key(mask_target.name, number)), encode_png(each.mask))
    for number, found in enumerate(kinds if kinds_target else (), 1):
        assert kinds_target is not None
        assert found is not None
        _replace(kinds_target.with_name(page_key(kinds_target.name, number)), encode_png(class_colours(found.numbers)))
    if comparison is not None:
        _replace(comparison, encode_jpeg(_comparison([page.pixels for page in pages], restorations)))
    return restorations


def _comparison(pages: Sequence[Tensor], restorations: Sequence[Restoration]) -> Tensor:
    """Before, found defects and after, a row a page; defects in the colours of their kinds, where they are known."""
    cells = [[old, _overlay(old, each), each.restored] for old, each in zip(pages, restorations, strict=True)]
    names = [f"page {number}" for number in range(1, len(cells) + 1)] if len(cells) > 1 else None
    cell_px = min(1024, max(max(old.shape[-2:]) for old in pages))
    sheet = contact_sheet(cells, ["before", "defects found", "after"], names, cell_px=cell_px)
    kinds = restorations[0].kinds
    return sheet if kinds is None else with_legend(sheet, kinds.names)


def _overlay(old: Tensor, restoration: Restoration) -> Tensor:
    kinds = restoration.kinds
    return mask_overlay(old, restoration.mask) if kinds is None else class_overlay(old, kinds.numbers)


def degrade_file(photo: Path, out: Path, draw: Callable[[int, int], Plan]) -> None:
    """Damage the file ``photo`` by the plan that ``draw`` makes for its height and width; same plan, same bytes.

    Writes ``NAME.degraded.png``, ``NAME.mask.png`` (white = structured damage) and ``NAME.plan.json`` into ``out``.

    Raises:
        PhotoError: the file is no photo that can be read; says why.
    """
    clean = decode_rgb(_read(photo))
    pair = apply_plan(clean, draw(*clean.shape[-2:]))
    out.mkdir(parents=True, exist_ok=True)
    _replace(out / f"{photo.stem}.degraded.png", encode_png(pair.degraded))
    _replace(out / f"{photo.stem}.mask.png", encode_png(pair.mask))
    _replace(out / f"{photo.stem}.plan.json", plan_to_json(pair.plan).encode())


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
