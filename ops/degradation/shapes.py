"""The classes of structured damage; every class has a mask of its own."""

from __future__ import annotations

from enum import StrEnum


class Shape(StrEnum):
    """What a defect is. The value names its mask."""

    SCRATCH = "scratch"
    SCUFF = "scuff"
    RUNNING_LINE = "running_line"
    CRACK = "crack"
    FOLD = "fold"
    CREASE = "crease"
    CRAQUELURE = "craquelure"
    DUST = "dust"
    HAIR = "hair"
    SPOT = "spot"
    STAIN = "stain"
    FOXING = "foxing"
    TAPE = "tape"
    TORN_EDGE = "torn_edge"
    WORN_EDGE = "worn_edge"
    EMULSION_LOSS = "emulsion_loss"
    HOLE = "hole"
    TEXTURE = "texture"
