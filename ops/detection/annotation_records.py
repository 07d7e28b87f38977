"""The record of photos whose damage somebody marked by hand: where they lie and what they are for. No pixels here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ops.corpora.records import HELD_OUT, Refusal


@dataclass(frozen=True)
class AnnotatedPhoto:
    """One photo and its mask, as files on this machine.

    Attributes:
        name: its key where it came from.
        photo: the photo as it came.
        mask: its mask as a PNG of black and white.
        sha256: over photo and mask.
        split: ``train`` or ``held_out``, by the photo alone.
        damaged_share: of its pixels.
    """

    name: str
    photo: Path
    mask: Path
    sha256: str
    split: str
    damaged_share: float


@dataclass(frozen=True)
class Annotations:
    """All annotated photos of an installation; none is the usual case."""

    photos: tuple[AnnotatedPhoto, ...]
    refused: tuple[Refusal, ...]

    @property
    def train(self) -> tuple[AnnotatedPhoto, ...]:
        """The photos to fine-tune on."""
        return tuple(photo for photo in self.photos if photo.split != HELD_OUT)

    @property
    def held_out(self) -> tuple[AnnotatedPhoto, ...]:
        """The photos to judge by."""
        return tuple(photo for photo in self.photos if photo.split == HELD_OUT)

    @property
    def sha256(self) -> str:
        """One checksum over photos and masks."""
        return hashlib.sha256("\n".join(sorted(photo.sha256 for photo in self.photos)).encode()).hexdigest()
