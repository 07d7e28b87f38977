"""What became of the faces of a photo, for provenance and review. No tensors here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one face."""

    ENHANCED = "enhanced"
    TOO_SMALL = "left: too small"
    AT_THE_BORDER = "left: cut by the border"
    DOUBTFUL = "left: perhaps not a face"
    WHOLE = "left: nothing to mend"
    CHANGED = "left: the enhancement would have changed the face"


@dataclass(frozen=True)
class FaceRecord:
    """One face; lengths in pixels of the photo.

    Attributes:
        x: centre of the face.
        y: centre of the face.
        eye_distance_px: between the eyes.
        score: how sure the finder was.
        outcome: what was done, one of ``Outcome``.
        landmark_shift: mean move of the landmarks by the enhancement, in eye distances; None where it was not measured.
        structure_distance: see the function of this name in ``ops.faces.second_look``; None where it was not measured.
    """

    x: float
    y: float
    eye_distance_px: float
    score: float
    outcome: str
    landmark_shift: float | None
    structure_distance: float | None
