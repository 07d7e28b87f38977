"""Files with several pages: what the pages together come to, and the record of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ops.archive.provenance import PageRecord, Picture
from ops.detection.kinds import KINDS
from ops.images import Photo
from ops.restoration import Restoration

_MEANS = (  # facts that are shares of a page's pixels
    "damaged_fraction",
    "repainted_fraction",
    "mean_change",
    "held_back_fraction",
    "tone_change",
    *(f"{kind}_fraction" for kind in KINDS),
)


def describe(pages: Sequence[Photo]) -> Picture:
    """What the file is as a picture: its first page, with what any page lost."""
    lost = tuple(dict.fromkeys(note for page in pages for note in page.notes))
    return replace(describe_page(pages[0]), lost=lost)


def describe_page(page: Photo) -> Picture:
    """What one page is as a picture."""
    height, width = page.pixels.shape[-2:]
    return Picture(page.container, width, height, page.bits, page.is_grey, page.icc is not None, page.notes)


def facts_of(pages: Sequence[Photo], restorations: Sequence[Restoration]) -> dict[str, float]:
    """The facts of the file: those of its only page, or the means over all pixels of all pages."""
    if len(restorations) == 1:
        return dict(restorations[0].facts)
    num_pixels = sum(page.num_pixels for page in pages)
    return {
        name: sum(each.facts[name] * page.num_pixels for page, each in zip(pages, restorations, strict=True))
        / num_pixels
        for name in _MEANS
        if all(name in each.facts for each in restorations)
    }


def page_records(
    pages: Sequence[Photo],
    restorations: Sequence[Restoration],
    masks: Sequence[tuple[str, str]],
    flags: Sequence[tuple[str, ...]],
) -> tuple[PageRecord, ...]:
    """A record for each page, none for a file of one page; ``masks`` are keys and checksums."""
    if len(pages) == 1:
        return ()
    parts = zip(pages, restorations, masks, flags, strict=True)
    return tuple(
        PageRecord(describe_page(page), *mask, dict(each.facts), raised, each.faces)
        for page, each, mask, raised in parts
    )
