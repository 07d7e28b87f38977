"""The clean photos that the STANDARD detector learns from: the embedded default and the photographs among wallpapers.

Run as ``python -m training_sets.wallpapers clean.parquet`` on a Debian system: it downloads 166 MB of three packages.
Then set ALBUMEN_CLEAN_PHOTOS to the Parquet file. Every wallpaper is for training, the default's photos stay where they
are, so what is held out does not change. Each was looked at; drawings and renders are left out.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor
from torch.nn import functional as F

from ops.corpora.debian import fetch_package, update_package_lists
from ops.corpora.packages import clean_corpus
from ops.corpora.records import TRAIN, CorpusPhoto
from ops.images import decode_rgb, encode_png

_PLAIN_PX: Final = 1500  # from here on compression shows at full size
_LONGEST_PX: Final = 2000


@dataclass(frozen=True)
class Wallpapers:
    """The photographs of one Debian package: its name, their folder below /usr/share, their files, their licence."""

    package: str
    folder: str
    files: tuple[str, ...]
    licence: str

    def photos(self, root: Path) -> Iterator[tuple[str, Tensor]]:
        """Name and photo (1, 3, H, W) of each, from the package unpacked at ``root``."""
        for file in self.files:
            yield f"{self.package}/{file}", shrunk(decode_rgb((root / "usr/share" / self.folder / file).read_bytes()))


def _plasma(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}/contents/images/2560x1600.jpg" for name in names)


WALLPAPERS: Final = (
    Wallpapers(
        "mate-backgrounds",
        "backgrounds/mate/nature",
        (
            "Aqua.jpg", "Blinds.jpg", "Dune.jpg", "FreshFlower.jpg", "Garden.jpg", "GreenMeadow.jpg", "LadyBird.jpg",
            "RainDrops.jpg", "Storm.jpg", "TwoWings.jpg", "Wood.jpg", "YellowFlower.jpg",
        ),
        "GPL-2+, photographers in the package's copyright file",
    ),
    Wallpapers(
        "lxqt-themes",
        "lxqt/wallpapers",
        (
            "Butterfly-Kenneth-Wimer.jpg", "Valendas.png", "after-the-rain.jpg", "appleflower.png", "beam.png",
            "butterfly.png", "cloud.png", "drop.png", "flowers.png", "fog.jpg", "this-is-not-windows.jpg",
        ),
        "LGPL-2.1+",
    ),
    Wallpapers(
        "plasma-workspace-wallpapers",
        "wallpapers",
        (
            *_plasma(
                "BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour", "EveningGlow", "FallenLeaf", "Grey", "Kite",
                "OneStandsOut", "Path", "summer_1am",
            ),
            "Volna/contents/images/5120x2880.jpg",
        ),
        "GPL-2+",
    ),
)  # fmt: skip


def shrunk(photo: Tensor) -> Tensor:
    """``photo`` (1, 3, H, W), halved until its compression does not show: to 2,000 px and less, or from 1,500 px on."""
    longest_px, factor = max(photo.shape[-2:]), 1
    while longest_px / factor > _LONGEST_PX or (factor == 1 and longest_px > _PLAIN_PX):
        factor *= 2
    return photo if factor == 1 else F.avg_pool2d(photo, factor)


def write_clean_photos(target: Path, default: tuple[CorpusPhoto, ...], roots: dict[str, Path]) -> Counter[str]:
    """Write all photos to ``target``; returns how many are on each side.

    Args:
        target: a Parquet file.
        default: the photos that Albumen brings by itself; they keep their sides.
        roots: where each package of ``WALLPAPERS`` is unpacked, by its name.
    """
    rows = [
        {"name": photo.name, "image": photo.read(), "split": photo.split, "licence": photo.licence} for photo in default
    ]
    for one in WALLPAPERS:
        for name, photo in one.photos(roots[one.package]):
            rows.append({"name": name, "image": encode_png(photo), "split": TRAIN, "licence": one.licence})
    pq.write_table(pa.Table.from_pylist(rows), target)
    return Counter(str(row["split"]) for row in rows)


def main(target: Path) -> None:
    """Fetch everything and write it."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        workshop = Path(name)
        default = clean_corpus(None, workshop / "default", log=print).photos
        update_package_lists(workshop / "apt")
        unpacked = {
            one.package: fetch_package(one.package, workshop / "apt", workshop / one.package) for one in WALLPAPERS
        }
        print(dict(write_clean_photos(target, default, {name: package.root for name, package in unpacked.items()})))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
