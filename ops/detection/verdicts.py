"""What the detector says of many pixels, beside what is true: the raw material of every curve and of the threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from models.detector import DefectDetector
from ops.corpora.records import HELD_OUT, VALIDATION, Corpus
from ops.degradation.degrade import Pair, apply_plan, degrade
from ops.detection.truth import LEAST_CHANGE, DefectTruth, truth_of_pair
from ops.images import decode_rgb
from ops.pairs.building import DatasetRecipe, random_crop, scans_for
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs

_NUM_UNSEEN: Final = 60


@dataclass(frozen=True)
class JudgedPhoto:
    """One photo with its truth.

    Attributes:
        photo: (1, 3, H, W) in [0, 1].
        truth: what is damaged in it, and where that can be said.
        class_masks: class of damage -> (1, 1, H, W); empty where classes are not known.
        sound: photos of the same size without any structured damage: the clean one, and that one aged.
    """

    photo: Tensor
    truth: DefectTruth
    class_masks: dict[str, Tensor]
    sound: tuple[Tensor, ...]


@dataclass(frozen=True)
class Verdicts:
    """Pixels that can be judged, pooled over photos.

    Attributes:
        logits: (M,), of the detector.
        damaged: (M,), bool.
        sound_logits: (K,), of the photos that have no structured damage at all.
        sizes: how many of the M pixels each photo has, in order.
    """

    logits: Tensor
    damaged: Tensor
    sound_logits: Tensor
    sizes: tuple[int, ...]


@torch.inference_mode()
def verdicts_of(detector: DefectDetector, photos: Iterable[JudgedPhoto]) -> Verdicts:
    """Ask ``detector`` about every pixel of ``photos``."""
    logits, damaged, sound = [], [], []
    for one in photos:
        judged = one.truth.judged > 0
        logits.append(detector(one.photo)[judged])
        damaged.append(one.truth.damaged[judged] > 0)
        sound += [detector(photo).flatten() for photo in one.sound]
    if not logits:
        raise ValueError("there is no photo to ask the detector about; give at least one with a mask")
    sizes = tuple(len(one) for one in logits)
    return Verdicts(torch.cat(logits), torch.cat(damaged), torch.cat(sound) if sound else torch.zeros(0), sizes)


def judged_pair(pair: Pair, source: Tensor, least_change: float = LEAST_CHANGE) -> JudgedPhoto:
    """A synthetic pair, made from the crop ``source``, as the detector is asked about it."""
    sound = apply_plan(source, replace(pair.plan, defects=()))
    truth = truth_of_pair(pair, source, least_change)
    return JudgedPhoto(pair.degraded, truth, pair.class_masks, (sound.clean, sound.degraded))


def held_out_pairs(pairs: PairSet, least_change: float = LEAST_CHANGE) -> list[JudgedPhoto]:
    """The held-out synthetic pairs: what a detector is judged by; ``least_change`` as in ``visible_damage``."""
    return [judged_pair(stored.pair, stored.source, least_change) for stored in read_pairs(pairs, HELD_OUT)]


def unseen_photos(clean: Corpus, textures: Corpus, recipe: DatasetRecipe) -> list[JudgedPhoto]:
    """Damaged crops of the validation photos, the same at every call: what a detector can be calibrated by."""
    photos = clean.validation or clean.train  # so few photos that none is left for validation serve for both
    scans = scans_for(textures, VALIDATION)
    generator = torch.Generator().manual_seed(recipe.seed)
    judged = []
    for number in range(_NUM_UNSEEN):
        photo = decode_rgb(photos[number % len(photos)].read())
        source = random_crop(photo, min(recipe.pair_px, *photo.shape[-2:]), generator)
        judged.append(judged_pair(degrade(source, recipe.degradation, generator, scans), source))
    return judged
