"""A corpus: which photographs there are, what they may be used for, and which are never trained on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

TRAIN: Final = "train"
VALIDATION: Final = "validation"
HELD_OUT: Final = "held_out"
SPLITS: Final = (TRAIN, VALIDATION, HELD_OUT)
_TWELFTHS: Final = {0: HELD_OUT, 6: HELD_OUT, 1: VALIDATION}  # of all photos; the others are for training
_COLUMNS: Final = pa.schema(
    [
        ("name", pa.string()),
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("split", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("mask", pa.string()),
        ("reason", pa.string()),  # of a refusal; then only name, reason and message are set
        ("message", pa.string()),
    ]
)


class PhotoChangedError(ValueError):
    """A photo is no longer the file that its corpus recorded."""


@dataclass(frozen=True)
class CorpusPhoto:
    """One photograph, as a file on this machine.

    Attributes:
        name: unique in its corpus, such as the key in the user's bucket.
        path: a local file that `ops.images` reads.
        sha256: of that file.
        width: upright, in pixels.
        height: upright, in pixels.
        split: ``train``, ``validation`` or ``held_out``.
        source: who gave it: a package with its version, or the user's location.
        licence: under which it may be used; "the user's own" for the user's photos.
        mask: a local PNG of the damage that somebody marked by hand, of the photo's size; None for most photos.
    """

    name: str
    path: Path
    sha256: str
    width: int
    height: int
    split: str
    source: str
    licence: str
    mask: Path | None = None

    def read(self) -> bytes:
        """The file's bytes, if they are still those that the corpus recorded.

        Raises:
            PhotoChangedError: they are not, or the file is gone.
        """
        cure = "make its corpus again: materialize clean_photos, old_photos or textures"
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise PhotoChangedError(f"{self.path} cannot be read any more ({error.strerror}); {cure}") from error
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise PhotoChangedError(
                f"{self.path} has sha256 {found[:12]}..., its corpus recorded {self.sha256[:12]}...; it changed: {cure}"
            )
        return data


@dataclass(frozen=True)
class Refusal:
    """One file that was offered as a photo and cannot be used.

    Attributes:
        name: as it would have been in the corpus.
        reason: the slug to count by.
        message: the sentence that says what was found, what is expected and what to do.
    """

    name: str
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Corpus:
    """Photographs with one purpose, split by photo and never within one."""

    name: str
    photos: tuple[CorpusPhoto, ...]
    refused: tuple[Refusal, ...] = ()

    @property
    def train(self) -> tuple[CorpusPhoto, ...]:
        """The photos to learn from."""
        return self.of_split(TRAIN)

    @property
    def validation(self) -> tuple[CorpusPhoto, ...]:
        """The photos to choose by, and to show progress on."""
        return self.of_split(VALIDATION)

    @property
    def held_out(self) -> tuple[CorpusPhoto, ...]:
        """The photos to be judged on in the end; nothing is ever chosen by them."""
        return self.of_split(HELD_OUT)

    def of_split(self, split: str) -> tuple[CorpusPhoto, ...]:
        """The photos of ``train``, ``validation`` or ``held_out``."""
        return tuple(photo for photo in self.photos if photo.split == split)

    @property
    def sha256(self) -> str:
        """One checksum over the sorted checksums of the photos: the same photos, the same corpus."""
        return hashlib.sha256("\n".join(sorted(photo.sha256 for photo in self.photos)).encode()).hexdigest()

    @property
    def megapixels(self) -> float:
        """Millions of pixels in all photos together."""
        return sum(photo.width * photo.height for photo in self.photos) / 1e6

    def write(self, path: Path) -> None:
        """Write the records, not the pixels, as Parquet."""
        rows = [
            asdict(photo) | {"path": str(photo.path), "mask": str(photo.mask) if photo.mask else None}
            for photo in self.photos
        ]
        rows += [asdict(refusal) for refusal in self.refused]
        table = pa.Table.from_pylist(rows, schema=_COLUMNS.with_metadata({"corpus": self.name}))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        pq.write_table(table, unfinished)
        unfinished.replace(path)

    @classmethod
    def read(cls, path: Path) -> Corpus:
        """Read what `write` wrote."""
        table = pq.read_table(path)
        photos: list[CorpusPhoto] = []
        refused: list[Refusal] = []
        for row in table.to_pylist():
            reason, message = row.pop("reason"), row.pop("message")
            if reason is None:
                mask = Path(row["mask"]) if row["mask"] else None
                photos.append(CorpusPhoto(**row | {"path": Path(row["path"]), "mask": mask}))
            else:
                refused.append(Refusal(row["name"], reason, message))
        return cls(table.schema.metadata[b"corpus"].decode(), tuple(photos), tuple(refused))


def split_of(sha256: str) -> str:
    """Hold out one photo in six, keep one in twelve for validation; by content alone, so no photo changes sides."""
    return _TWELFTHS.get(int(sha256[:8], 16) % 12, TRAIN)


def with_every_split(photos: Iterable[CorpusPhoto]) -> tuple[CorpusPhoto, ...]:
    """Sort by name and, where chance left a split empty, give it the photo of the fullest that comes first by checksum.

    Two photos are for training and held out, three or more for all three splits.
    """
    ordered = sorted(photos, key=lambda photo: photo.name)
    for split in (TRAIN, HELD_OUT, VALIDATION)[: len(ordered)] if len(ordered) > 1 else ():
        counts = Counter(photo.split for photo in ordered)
        if not counts[split]:
            fullest = counts.most_common(1)[0][0]
            moved = min((photo for photo in ordered if photo.split == fullest), key=lambda photo: photo.sha256)
            ordered[ordered.index(moved)] = replace(moved, split=split)
    return tuple(ordered)
