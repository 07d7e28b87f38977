"""Real photos whose damage somebody marked by hand: what the detector is fine-tuned on, and judged by.

Next to ``box1/photo.jpg`` lies ``box1/photo_mask.png``; or photos lie in ``photos/`` and masks of the same names in
``masks/``. White is damaged. A photo is used whole for training or whole for judging, never for both; those in a folder
``held_out/`` only ever for judging. Folders right below the location are judged apart, by their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from ops.corpora.records import HELD_OUT, Refusal, split_of
from ops.detection.annotation_records import AnnotatedPhoto, Annotations
from ops.detection.batches import DefectBatch, DefectSource, turned
from ops.detection.mask_files import grown, import_mask
from ops.detection.truth import DefectTruth, joined
from ops.detection.verdicts import JudgedPhoto
from ops.images import PhotoError, decode_mask, decode_photo, decode_rgb, encode_png
from ops.pairs.building import cut, random_crop
from ops.pairs.fresh_crops import step_generator
from ops.parts import WHOLE, Part
from ops.remembered import Remembered
from ops.storage.locations import open_storage
from ops.storage.protocol import Storage

ANNOTATED_SETTING: Final = "ALBUMEN_ANNOTATED_PHOTOS"

_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".jp2", ".webp"})
_MASK_ENDING: Final = "_mask"
_RIM_PX: Final = 2  # nobody draws a border more exactly than that


def read_annotations(location: str | None, cache: Path, log: Callable[[str], None]) -> Annotations:
    """Read all pairs of photo and mask below a location, and keep copies in ``cache``.

    Args:
        location: a folder or ``s3://bucket/prefix``; None where nobody annotated photos.
        cache: a local folder.
        log: receives one line, and one for each photo that cannot be used.

    Raises:
        ValueError: the location holds no usable pair.
        StorageError: the storage does not answer.
    """
    if location is None:
        return Annotations((), ())
    storage, photos, refused = open_storage(location), [], []
    keys = sorted(stored.key for stored in storage.list() if PurePosixPath(stored.key).suffix.lower() in _PICTURES)
    for key, mask_key in _paired(keys):
        try:
            photos.append(_read(storage, key, mask_key, cache / "annotated"))
        except PhotoError as error:
            refused.append(Refusal(key, error.reason, str(error)))
            log(f"annotated photos: {key} refused ({error.reason}): {error}")
    if not photos:
        raise ValueError(
            f"{ANNOTATED_SETTING}={location}: no usable annotated photo among {len(keys)} pictures. Expected photo.png "
            "with photo_mask.png beside it, or photos/ and masks/ with the same names; white = damaged"
        )
    log(f"annotated photos: {len(photos)} with a mask, {len(refused)} refused")
    return Annotations(tuple(photos), tuple(refused))


def judged_photo(photo: AnnotatedPhoto) -> JudgedPhoto:
    """An annotated photo as the detector is asked about it; the rim of a mask is nobody's."""
    return JudgedPhoto(decode_rgb(photo.photo.read_bytes()), _truth(photo), class_masks={}, sound=())


class AnnotatedCrops:
    """Crops of annotated photos; every other one is around a damaged pixel, for damage is rare."""

    def __init__(self, photos: Sequence[AnnotatedPhoto], seed: int) -> None:
        self.photos = photos
        self.seed = seed
        self._planes = Remembered(_planes, capacity=64)

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> DefectBatch:
        """``part`` of ``size`` crops, turned alike; what lies outside a small photo is not judged."""
        part.even_size(size)
        generator = step_generator(self.seed, step)
        crops = []
        for number, index in enumerate(torch.randint(len(self.photos), (size,), generator=generator).tolist()):
            crops.append(_crop(self._planes(self.photos[index], crop_px), crop_px, number % 2 == 0, generator))
        photo, damaged, judged = (torch.cat(part.of(crops)).float() / 255).split([3, 1, 1], dim=1)
        return turned(DefectBatch(photo, DefectTruth(damaged, judged)), generator)


@dataclass(frozen=True)
class MixedDefects:
    """Batches of annotated photos and of synthetic pairs; ``annotated_share`` of each batch is annotated."""

    annotated: AnnotatedCrops
    synthetic: DefectSource
    annotated_share: float

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> DefectBatch:
        """``part`` of at least one annotated crop, the rest synthetic, where the synthetic ones lie."""
        num_annotated = max(1, round(self.annotated_share * size))
        drawn = [self.annotated.batch(step, num_annotated, crop_px, part)]
        if num_annotated < size:
            drawn.append(self.synthetic.batch(step, size - num_annotated, crop_px, part))
        drawn[0] = drawn[0].to(str(drawn[-1].photo.device))
        return DefectBatch(torch.cat([one.photo for one in drawn]), joined([one.truth for one in drawn]))


def _paired(keys: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Each photo's key with its mask's key, or None where there is none."""
    by_stem = {str(PurePosixPath(key).with_suffix("")): key for key in keys}
    for stem, key in by_stem.items():
        folder, name = PurePosixPath(stem).parent, PurePosixPath(stem).name
        if name.endswith(_MASK_ENDING) or folder.name == "masks":
            continue
        beside, apart = str(folder / f"{name}{_MASK_ENDING}"), str(folder.parent / "masks" / name)
        yield key, by_stem.get(beside) or by_stem.get(apart)


def _read(storage: Storage, key: str, mask_key: str | None, cache: Path) -> AnnotatedPhoto:
    if mask_key is None:
        raise PhotoError(
            "mask-missing",
            f"no mask; expected {PurePosixPath(key).stem}{_MASK_ENDING}.png beside it, or masks/ beside photos/",
        )
    data = storage.read(key)
    height, width = decode_photo(data).pixels.shape[-2:]
    mask = import_mask(storage.read(mask_key), height, width)
    png, photo_sha256 = encode_png(mask), hashlib.sha256(data).hexdigest()
    sha256 = hashlib.sha256(data + png).hexdigest()
    cache.mkdir(parents=True, exist_ok=True)
    photo_copy, mask_copy = cache / f"{sha256}{PurePosixPath(key).suffix.lower()}", cache / f"{sha256}.mask.png"
    for path, content in ((photo_copy, data), (mask_copy, png)):
        unfinished = path.with_name(f"{path.name}.part")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    split = HELD_OUT if HELD_OUT in PurePosixPath(key).parts else split_of(photo_sha256)
    return AnnotatedPhoto(key, photo_copy, mask_copy, sha256, split, float(mask.mean()))


def _truth(photo: AnnotatedPhoto) -> DefectTruth:
    damaged = decode_mask(photo.mask.read_bytes())
    return DefectTruth(damaged, 1 - (grown(damaged, _RIM_PX) - damaged))


def _planes(photo: AnnotatedPhoto, least_px: int) -> Tensor:
    """Photo, damaged and judged as bytes (1, 5, H, W), each side at least ``least_px``."""
    truth = _truth(photo)
    planes = torch.cat([decode_rgb(photo.photo.read_bytes()), truth.damaged, truth.judged], dim=1)
    height, width = planes.shape[-2:]
    missing = (0, max(0, least_px - width), 0, max(0, least_px - height))
    return F.pad(planes.mul(255).round().byte(), missing)


def _crop(planes: Tensor, side_px: int, is_damaged: bool, generator: torch.Generator) -> Tensor:
    """A square anywhere, or one that holds a damaged pixel drawn at random."""
    marked = planes[0, 3].nonzero()
    if not is_damaged or not len(marked):
        return random_crop(planes, side_px, generator)
    centre = marked[int(torch.randint(len(marked), (1,), generator=generator))]
    corner = []
    for middle, length in zip(centre.tolist(), planes.shape[-2:], strict=True):
        start = middle - int(torch.randint(side_px, (1,), generator=generator))
        corner.append(min(max(start, 0), length - side_px))
    top, left = corner
    return cut(planes, (top, left), side_px)
