"""The portraits that the STANDARD face generator learns from, as one Parquet file split by person.

Run as ``python -m training_sets.london_faces london.parquet FOLDER...`` on the folders of Face Research Lab London Set
(DeBruine and Jones, CC BY 4.0, doi 10.6084/m9.figshare.5047666), whose files are named ``person_view.jpg``; then set
ALBUMEN_FACE_PHOTOS to the Parquet file. Both photos of a person land on one side.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

LICENCE: Final = "CC BY 4.0 (DeBruine and Jones, Face Research Lab London Set, doi 10.6084/m9.figshare.5047666)"
_TWELFTHS: Final = {0: "held_out", 1: "held_out", 2: "held_out", 6: "validation", 7: "validation"}


def split_of_person(person: str) -> str:
    """On which side the photos of ``person`` are; by the name alone, so that nobody changes sides."""
    return _TWELFTHS.get(int(hashlib.sha256(person.encode()).hexdigest(), 16) % 12, "train")


def write_portraits(target: Path, folders: list[Path]) -> Counter[str]:
    """Write the JPEG files of ``folders`` to ``target``; returns how many lie on each side."""
    photos = [photo for folder in folders for photo in sorted(folder.glob("*.jpg"))]
    rows = [
        {
            "name": photo.stem,
            "image": photo.read_bytes(),
            "split": split_of_person(photo.stem.split("_")[0]),
            "licence": LICENCE,
        }
        for photo in photos
    ]
    pq.write_table(pa.Table.from_pylist(rows), target)
    return Counter(str(row["split"]) for row in rows)


if __name__ == "__main__":
    print(dict(write_portraits(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])))
