"""Faces seen otherwise than they were taken."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ops.corpora.records import TRAIN, CorpusPhoto
from ops.degradation.pixels import Pixels
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.faces.fresh_faces import FreshFaces
from ops.faces.scenes import FaceScenes, in_another_scene, plain_backdrop
from ops.images import encode_png
from ops.parts import Part

SIDE = 96
ALWAYS = FaceScenes(behind=1.0, turned=1.0, lit=1.0, varied=1.0)
NEVER = FaceScenes(behind=0.0, turned=0.0, lit=0.0, varied=0.0)
INTACT = replace(STANDARD_DEGRADATION, undamaged_share=1.0)


@pytest.fixture
def face() -> Pixels:
    """A head of skin's colour before light grey, with one thing in it of the same grey."""
    face = np.full((SIDE, SIDE, 3), 0.82, np.float32)
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    face[(across**2 + (down * 0.8) ** 2) < 0.09] = (0.6, 0.4, 0.3)
    face[44:50, 44:52] = 0.82  # the white of an eye, of the backdrop's very colour
    return face


def test_the_backdrop_is_what_hangs_together_with_the_rim(face: Pixels) -> None:
    share = plain_backdrop(face)
    assert min(share[0].min(), share[:40, 0].min()) > 0.999
    assert share[30:70, 35:60].max() < 1e-6  # the head, its white eye included


def test_a_face_before_a_busy_place_keeps_it(face: Pixels) -> None:
    busy = face.copy()
    busy[:48] = np.random.default_rng(0).random((48, SIDE, 3), np.float32)
    assert not plain_backdrop(busy).any()


def test_another_place_stands_behind_the_face_and_not_before_it(face: Pixels) -> None:
    sea = np.broadcast_to(np.float32([0.1, 0.3, 0.6]), face.shape).copy()
    seen = in_another_scene(face, sea, replace(NEVER, behind=1.0), np.random.default_rng(1))
    assert np.abs(seen[0] - sea[0]).max() < 1e-5
    assert np.array_equal(seen[30:70, 35:60], face[30:70, 35:60])


def test_without_chances_nothing_changes(face: Pixels) -> None:
    assert np.array_equal(in_another_scene(face, face * 0, NEVER, np.random.default_rng(1)), face)


@pytest.mark.parametrize("seed", range(8))
def test_every_scene_is_a_photo(face: Pixels, seed: int) -> None:
    sharp = np.round(np.random.default_rng(seed).random(face.shape)).astype(np.float32)  # cubic taps overshoot here
    for one in (face, sharp):
        seen = in_another_scene(one, sharp, ALWAYS, np.random.default_rng(seed))
        assert seen.shape == face.shape
        assert seen.min() >= 0
        assert seen.max() <= 1  # false for NaN


def test_the_same_chance_makes_the_same_scene(face: Pixels) -> None:
    first, again, other = (in_another_scene(face, None, ALWAYS, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_batch_depends_on_its_step_alone_and_may_be_shared(face: Pixels, tmp_path: Path) -> None:
    faces = [_stored(face, tmp_path, "one"), _stored(1 - face, tmp_path, "two")]
    source, again = (FreshFaces(faces, faces[:1], ALWAYS, STANDARD_DEGRADATION, seed=3) for _ in range(2))
    again.batch(0, 4)
    whole, later = source.batch(5, 4), again.batch(5, 4)
    halves = [source.batch(5, 4, Part(number, 2)) for number in range(2)]
    assert torch.equal(whole.degraded, later.degraded)
    assert torch.equal(whole.degraded, torch.stack([half.degraded for half in halves], dim=1).flatten(0, 1))
    assert not torch.equal(whole.clean, source.batch(6, 4).clean)


def test_what_is_clean_is_the_scene_and_not_the_face(face: Pixels, tmp_path: Path) -> None:
    faces = [_stored(face, tmp_path, "one")]
    batch = FreshFaces(faces, (), replace(NEVER, lit=1.0), INTACT, seed=3).batch(0, 4)
    assert torch.equal(batch.clean, batch.degraded)
    plain = FreshFaces(faces, (), NEVER, INTACT, seed=3).batch(0, 4)
    assert not torch.equal(batch.clean, plain.clean)


def test_photos_too_small_to_stand_behind_are_passed_over(face: Pixels, tmp_path: Path) -> None:
    faces, small = [_stored(face, tmp_path, "one")], [_stored(face[:40, :40], tmp_path, "small")]
    with_small, without = (FreshFaces(faces, photos, ALWAYS, INTACT, seed=3).batch(0, 4) for photos in (small, ()))
    assert torch.equal(with_small.clean, without.clean)


def _stored(photo: Pixels, folder: Path, name: str) -> CorpusPhoto:
    png, path = encode_png(torch.from_numpy(photo).permute(2, 0, 1)[None].contiguous()), folder / f"{name}.png"
    path.write_bytes(png)
    height, width = photo.shape[:2]
    return CorpusPhoto(name, path, hashlib.sha256(png).hexdigest(), width, height, TRAIN, "a test", "none")
