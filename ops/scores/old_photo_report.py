"""The report on old photos whose truth nobody knows: restored by every method, measured, shown, put to the vote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ops.corpora.records import CorpusPhoto
from ops.report_pages import Page, Section
from ops.restorers.restorer import Restorer
from ops.scores.evaluation import EvaluationPair
from ops.scores.old_photos import (
    before_after_sheet,
    freeze_old_photo_study,
    identity_scores,
    old_photo_page,
    open_old_photos,
    score_old_photos,
)

NUM_CLEAN = 6  # photos of the identity test; methods that fit every photo anew are slow
_NONE = (
    "There are no old photos. Set ALBUMEN_OLD_PHOTOS to a folder or an s3://bucket/prefix of scans, materialize "
    "`old_photos` again, then this."
)


@dataclass(frozen=True)
class OldPhotoReport:
    """The page, the before-and-after sheet (1, 3, H, W), and how many photos there were."""

    page: Page
    sheet: Tensor
    num_photos: int


def report_old_photos(
    photos: Sequence[CorpusPhoto],
    restorers: Mapping[str, Restorer],
    clean: Sequence[EvaluationPair],
    find_defects: Callable[[Tensor], Tensor],
    folder: Path,
    studies: Path,
    progress: Callable[[str], None],
) -> OldPhotoReport:
    """Write ``old_photos.html``, ``.md``, ``.parquet`` and freeze a preference study; without photos, say so.

    Args:
        photos: old ones, from any folder or bucket that the corpus was read from.
        restorers: the methods.
        clean: pairs whose clean photos serve the identity test.
        find_defects: photo (1, 3, H, W) -> soft mask (1, 1, H, W).
        folder: for the page.
        studies: root of the preference studies.
        progress: receives a line a photo and method.
    """
    if not photos:
        page = Page("Old photos", _NONE, [Section("No old photos")])
        page.write(folder, "old_photos")
        return OldPhotoReport(page, torch.ones(1, 3, 32, 32), 0)
    scores = score_old_photos(restorers, open_old_photos(photos, find_defects), find_defects, progress)
    page = old_photo_page(scores, identity_scores(restorers, clean[:NUM_CLEAN]))
    page.write(folder, "old_photos")
    scores.table.to_parquet(folder / "old_photos.parquet", index=False)
    freeze_old_photo_study(scores, studies)
    return OldPhotoReport(page, before_after_sheet(scores, [photo.name for photo in photos[:6]]), len(photos))
