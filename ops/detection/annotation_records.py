"""The record of photos whose damage somebody marked by hand: where they lie and what they are for. No pixels here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.corpora.records import HELD_OUT, Refusal

_NO_SETS = ("photos", HELD_OUT)  # folders of the layout, not names of sets


@dataclass(frozen=True)
class AnnotatedPhoto:
    """One photo and its mask, as files on this machine.

    Attributes:
        name: its key where it came from.
        photo: the photo as it came.
        mask: its mask as a PNG of black and white.
        sha256: over photo and mask.
        split: ``train`` or ``held_out``, by the photo alone, or by a folder ``held_out`` that it lies in.
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
    def held_out_by_folder(self) -> dict[str, tuple[AnnotatedPhoto, ...]]:
        """The photos to judge by, by the folder right below the location that they lie in; "" for those in none."""
        folders: dict[str, tuple[AnnotatedPhoto, ...]] = {}
        for photo in sorted(self.held_out, key=lambda photo: photo.name):
            folder, below, _ = photo.name.partition("/")
            name = folder if below and folder not in _NO_SETS else ""
            folders[name] = (*folders.get(name, ()), photo)
        return folders

    @property
    def sha256(self) -> str:
        """One checksum over photos and masks."""
        return _sha256(self.photos)

    @property
    def train_sha256(self) -> str:
        """One checksum over the photos to fine-tune on and their masks: what decides a training."""
        return _sha256(self.train)


def _sha256(photos: Iterable[AnnotatedPhoto]) -> str:
    return hashlib.sha256("\n".join(sorted(photo.sha256 for photo in photos)).encode()).hexdigest()
