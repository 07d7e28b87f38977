"""Pairs to teach the face generator with: aligned faces in scenes drawn anew, then degraded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ops.corpora.records import CorpusPhoto
from ops.degradation.degrade import Pair, aged, before_ageing, draw_plan
from ops.degradation.pixels import Pixels
from ops.degradation.recipe import DegradationRecipe
from ops.faces.scenes import FaceScenes, in_another_scene
from ops.pairs.building import cut, draw_corner, large_enough
from ops.pairs.fresh_crops import decode_bytes, step_generator
from ops.pairs.sources import PairBatch, batch_of
from ops.parts import WHOLE, Part
from ops.remembered import Remembered


class FreshFaces:
    """Faces in scenes, degraded anew each time; a batch depends on its step alone.

    Args:
        faces: aligned, all of one size.
        backgrounds: clean photos to put behind them; those smaller than a face are passed over.
        scenes: how often what is changed of a face before it is degraded.
        recipe: of the degradation.
        seed: of everything drawn.
    """

    def __init__(
        self,
        faces: Sequence[CorpusPhoto],
        backgrounds: Sequence[CorpusPhoto],
        scenes: FaceScenes,
        recipe: DegradationRecipe,
        seed: int,
    ) -> None:
        self.faces = faces
        self.backgrounds = backgrounds
        self.scenes = scenes
        self.recipe = recipe
        self.seed = seed
        self._decoded = Remembered(decode_bytes, capacity=256)

    def batch(self, step: int, size: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of the ``size`` pairs of one step."""
        part.even_size(size)
        seeds = torch.randint(2**62, (size,), generator=step_generator(self.seed, step)).tolist()
        pairs = [self._unaged(seed) for seed in part.of(seeds)]
        return batch_of(pairs, aged(torch.cat([pair.degraded for pair in pairs]), [pair.plan for pair in pairs]))

    def _unaged(self, seed: int) -> Pair:
        generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
        face = self.faces[int(rng.integers(len(self.faces)))]
        behind = self._background(face.width, generator, rng)
        seen = in_another_scene(self._cut(face, (0, 0), face.width), behind, self.scenes, rng)
        if rng.random() < 0.5:
            seen = seen[:, ::-1]
        levels = np.ascontiguousarray(np.rint(seen * 255).astype(np.float32) / 255)
        source = torch.from_numpy(levels).permute(2, 0, 1)[None].contiguous()
        return before_ageing(source, draw_plan(self.recipe, face.width, face.width, generator, ()))

    def _background(self, side: int, generator: torch.Generator, rng: np.random.Generator) -> Pixels | None:
        photos = large_enough(self.backgrounds, side)
        if not photos:
            return None
        photo = photos[int(rng.integers(len(photos)))]
        return self._cut(photo, draw_corner(photo.height, photo.width, side, generator), side)

    def _cut(self, photo: CorpusPhoto, corner: tuple[int, int], side: int) -> Pixels:
        window = cut(self._decoded(photo), corner, side)[0].permute(1, 2, 0).numpy()
        return np.ascontiguousarray(window.astype(np.float32) / 255, dtype=np.float32)
