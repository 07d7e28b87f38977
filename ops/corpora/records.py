"""A corpus: which photographs there are, what they may be used for, and which are never trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

TRAIN: Final = "train"
HELD_OUT: Final = "held_out"
_HELD_OUT_SHARE: Final = 6  # one photo in six
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
        ("reason", pa.string()),  # of a refusal; then only name, reason and message are set
        ("message", pa.string()),
    ]
)


@dataclass(frozen=True)
class CorpusPhoto:
    """One photograph, as a file on this machine.

    Attributes:
        name: unique in its corpus, such as the key in the user's bucket.
        path: a local file that `ops.images` reads.
        sha256: of that file.
        width: upright, in pixels.
        height: upright, in pixels.
        split: ``train`` or ``held_out``.
        source: who gave it: a package with its version, or the user's location.
        licence: under which it may be used; "the user's own" for the user's photos.
    """

    name: str
    path: Path
    sha256: str
    width: int
    height: int
    split: str
    source: str
    licence: str


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
        return tuple(photo for photo in self.photos if photo.split == TRAIN)

    @property
    def held_out(self) -> tuple[CorpusPhoto, ...]:
        """The photos to be judged on."""
        return tuple(photo for photo in self.photos if photo.split == HELD_OUT)

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
        rows = [asdict(photo) | {"path": str(photo.path)} for photo in self.photos]
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
                photos.append(CorpusPhoto(**row | {"path": Path(row["path"])}))
            else:
                refused.append(Refusal(row["name"], reason, message))
        return cls(table.schema.metadata[b"corpus"].decode(), tuple(photos), tuple(refused))


def split_of(sha256: str) -> str:
    """Hold out about one photo in six, by its content alone, so that a photo never changes sides."""
    return HELD_OUT if int(sha256[:8], 16) % _HELD_OUT_SHARE == 0 else TRAIN


def with_both_splits(photos: Iterable[CorpusPhoto]) -> tuple[CorpusPhoto, ...]:
    """Sort by name and, where chance left one side of two or more photos empty, move the first by checksum over."""
    ordered = sorted(photos, key=lambda photo: photo.name)
    splits = {photo.split for photo in ordered}
    if len(ordered) < 2 or len(splits) == 2:
        return tuple(ordered)
    moved = min(ordered, key=lambda photo: photo.sha256)
    other = TRAIN if HELD_OUT in splits else HELD_OUT
    return tuple(replace(photo, split=other) if photo is moved else photo for photo in ordered)
