"""Restoring one decoded photo: find the defects, translate the photo, say what was done.

The finder (``ops/detection/finder.py``) marks the defects; a photo that looks sound all over and has few of them is
left as it is (``ops/age.py``). What is intact tells how the photo has faded, and one curve a channel takes that back
everywhere (``ops/tone.py``). Then three walks over the photo, each in tiles with as much around them as they see: what
is marked is filled from around; all tiles offer their share of intact cells; every tile is translated, its damaged
cells reading from what the whole photo offers. No step sees where tiles end, and none holds more than a tile. Last, if
the release has a face generator, the faces of what came out are looked at (``ops/faces``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.blocks import pad_to_multiple
from models.mapping import Sources, choose_sources, mask_to_latent, source_stride
from models.tone import ToneCurves
from models.triplet import TripletNetwork
from models.vae import STRIDE
from ops import large_tensors
from ops.age import AgeRule, AgeVerdict
from ops.detection.finder import DefectFinder
from ops.detection.kinds import FoundKinds
from ops.faces.enhance import EnhancedFaces
from ops.faces.records import FaceRecord, Outcome
from ops.faces.restorer import FaceRestorer
from ops.network_layout import laid_out
from ops.tiles import Tile, Tiling, cut, kept, on_grid, put
from ops.tone import ToneRestorer, tone_facts


@dataclass(frozen=True)
class Restoration:
    """What became of one photo.

    Attributes:
        restored: (1, 3, H, W) in [0, 1], the size of the input.
        mask: (1, 1, H, W) in [0, 1], where defects were found and how sure the detector is; 0 where none was.
        facts: what was found and changed, for provenance and review; changes are those before the faces.
        faces: what became of each face; none if nobody looked for faces.
        kinds: what kind the damage is; None if the model cannot tell, or the mask was given.
    """

    restored: Tensor
    mask: Tensor
    facts: Mapping[str, float]
    faces: tuple[FaceRecord, ...] = ()
    kinds: FoundKinds | None = None


class PhotoRestorer:
    """A released model ready to restore photos of any size, one at a time.

    Args:
        find_defects: marks the defects of a photo.
        network: repaints and restores.
        tiling: how photos larger than one tile are cut.
        strength: 1 restores fully, 0 returns the photo as it is, between them a blend.
        device: a torch device.
        is_bf16: translate in bfloat16, within 1/255 of float32; what carries pixels, and the detector, stay in float32.
        faces: enhances the faces of what the network restored; None leaves them as it made them.
        tone: takes fading, yellowing and casts back before the network sees the photo; None leaves its tone.
        age: says which photos are sound and to be left; None takes none for sound.
    """

    def __init__(
        self,
        find_defects: DefectFinder,
        network: TripletNetwork,
        tiling: Tiling,
        strength: float = 1.0,
        device: str = "cpu",
        is_bf16: bool = False,
        faces: FaceRestorer | None = None,
        tone: ToneRestorer | None = None,
        age: AgeRule | None = None,
    ) -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"strength lies between 0 (leave as it is) and 1 (restore fully), got {strength}")
        self.find_defects = find_defects
        self.network = laid_out(network, device)
        self.tiling = tiling
        self.strength = strength
        self.device = device
        self.is_bf16 = is_bf16
        self.faces = faces
        self.tone = tone
        self.age = age

    @property
    def recipe(self) -> str:
        """The settings that decide the result beside the released model."""
        looks = "/".join(f"{least:g}" for least in self.find_defects.confirm)
        marks = [f"looks={looks}"] if looks else []
        parts = [part.recipe for part in (self.age, self.tone, self.faces) if part is not None]
        return " ".join([f"strength={self.strength:g}", *marks, *parts])

    @torch.inference_mode()
    def __call__(self, old: Tensor, mask: Tensor | None = None) -> Restoration:
        """Restore ``old`` (1, 3, H, W) in [0, 1]; the result has its size.

        ``mask`` (1, 1, H, W) in [0, 1] takes the place of the detector; soft values count as they are.
        """
        started = time.perf_counter()
        height, width = old.shape[-2:]
        if mask is not None and mask.shape[-2:] != old.shape[-2:]:
            given = f"{mask.shape[-1]} x {mask.shape[-2]} px"
            raise ValueError(f"the mask is {given}, the photo {width} x {height} px; give a mask of the photo's size")
        damage, kinds, verdict = self._find(old) if mask is None else (mask, None, None)
        is_sound = verdict is not None and verdict.is_sound
        tone, faces = (None, None) if is_sound else (self.tone, self.faces)
        cells = self._latent_mask(damage)
        curves = None if tone is None else tone.curves(old, damage, self.strength)
        toned, tone_change = (old, 0.0) if curves is None else self._toned(old, curves)
        restored, change = (old, _Change()) if is_sound else self._repaint(old, toned, damage, cells)
        enhanced = EnhancedFaces(restored, ()) if faces is None else faces(restored)
        facts = {
            "damaged_fraction": change.damaged / (height * width),
            "repainted_fraction": change.repainted / (height * width),
            "mean_change": change.total / old.numel(),
            "largest_change": change.largest,
            "strength": self.strength,
            "threshold": self.find_defects.threshold,
            "sure": self.find_defects.sure,
            "second_looks": len(self.find_defects.looks(old)) if mask is None else 0,
            "margin_px": self.find_defects.margin_px if mask is None else 0,
            "is_mask_given": float(mask is not None),
            "is_bf16": float(self.is_bf16),
            "tiles": change.tiles,
            "source_stride": source_stride(*cells.shape),
            **({} if verdict is None else verdict.facts),
            **({} if self.tone is None else tone_facts(curves, tone_change)),
            **_face_facts(enhanced.records),
            **({} if kinds is None else {f"{name}_fraction": share for name, share in kinds.shares.items()}),
            "seconds": time.perf_counter() - started,
        }
        return Restoration(enhanced.restored, damage, facts, enhanced.records, kinds)

    def _find(self, old: Tensor) -> tuple[Tensor, FoundKinds | None, AgeVerdict | None]:
        """The marks that count, of what kind they are, and what the whole photo looks like, if somebody is asked."""
        mask, kinds = self.find_defects(old)
        if self.age is None:
            return mask, kinds, None
        marked = sum(int((mask[..., *tile.middle] > 0).sum()) for tile in self._cut(mask, 0, 1))
        verdict = self.age(old, marked / mask.numel())
        if verdict.held_back:
            mask, kinds = large_tensors.zeros(*mask.shape), None if kinds is None else kinds.forgotten()
        return mask, kinds, verdict

    def _latent_mask(self, mask: Tensor) -> Tensor:
        """The mask (h, w) on the latent grid, made in pieces: the whole is 16 times larger."""
        height, width = (-(-side // STRIDE) for side in mask.shape[-2:])
        cells = torch.empty(height, width)
        for tile in self._cut(mask, 0, STRIDE):
            cells[*on_grid(tile.middle, STRIDE)] = mask_to_latent(
                pad_to_multiple(mask[..., *tile.middle], STRIDE), STRIDE
            )[0, 0]
        return cells

    def _toned(self, old: Tensor, curves: ToneCurves) -> tuple[Tensor, float]:
        """The photo by its curves, and the mean change of its values."""
        toned, total = large_tensors.zeros(*old.shape), 0.0
        for tile in self._cut(old, 0, 1):
            put(toned, tile, curves(self._read(old, tile)))
            total += float((toned[..., *tile.middle] - old[..., *tile.middle]).abs().sum(dtype=torch.float64))
        return toned, total / old.numel()

    def _fill(self, toned: Tensor, mask: Tensor) -> Tensor:
        """What the encoder sees of the photo; a tile without a mark is the photo's own."""
        if self.network.fill_reach_px == 0:
            return toned
        filled = large_tensors.zeros(*toned.shape)
        for tile in self._cut(toned, self.network.fill_reach_px, self.network.fill_grid_px):
            if mask[..., *tile.middle].any():
                put(filled, tile, self.network.fill(self._read(toned, tile), self._read(mask, tile)))
            else:
                filled[..., *tile.middle] = toned[..., *tile.middle]
        return filled

    def _repaint(self, old: Tensor, toned: Tensor, damage: Tensor, cells: Tensor) -> tuple[Tensor, _Change]:
        """The three walks of the network over the photo in its tone, and how far that led from ``old``."""
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.is_bf16):
            filled = self._fill(toned, damage) if (cells > 0).any() else toned
            sources = self._gather_sources(filled, damage, cells)
            return self._translate(old, toned, filled, damage, sources)

    def _gather_sources(self, filled: Tensor, mask: Tensor, cells: Tensor) -> list[Sources] | None:
        """What the whole photo offers its damaged cells; None if nobody asks, or one tile is the whole photo."""
        if not (cells > 0).any() or self._is_one_tile(filled):
            return None
        is_source = choose_sources(cells)
        parts = []
        for tile in self._cut(filled, self._halo(self.network.offer_reach_px), STRIDE):
            chosen = torch.zeros_like(is_source[*on_grid(tile.outer, STRIDE)])
            chosen[*on_grid(tile.inner, STRIDE)] = is_source[*on_grid(tile.middle, STRIDE)]
            if chosen.any():
                seen = self._read(filled, tile)
                parts.append(self.network.offer(seen, self._read(mask, tile), chosen.to(self.device)))
        return [Sources.join(parts)]

    def _translate(
        self, old: Tensor, toned: Tensor, filled: Tensor, mask: Tensor, sources: list[Sources] | None
    ) -> tuple[Tensor, _Change]:
        restored = large_tensors.zeros(*old.shape)
        change = _Change()
        for tile in self._translation_tiles(old):
            seen = self._read(filled, tile)
            translation = self.network(self._read(toned, tile), self._read(mask, tile), sources, seen)
            share = self.strength * translation.gate
            put(restored, tile, torch.lerp(self._read(toned, tile), translation.painted, share).clamp(0, 1))
            change.add(old[..., *tile.middle], restored[..., *tile.middle], mask[..., *tile.middle], kept(share, tile))
        return restored, change

    def _translation_tiles(self, old: Tensor) -> Iterator[Tile]:
        return self._cut(old, self._halo(self.network.reach_px), STRIDE)

    def _is_one_tile(self, old: Tensor) -> bool:
        return len(list(self._translation_tiles(old))) == 1

    def _halo(self, reach_px: int | None) -> int:
        return self.tiling.halo_px if reach_px is None else reach_px

    def _cut(self, photo: Tensor, reach_px: int, grid_px: int) -> Iterator[Tile]:
        height, width = photo.shape[-2:]
        return cut(height, width, self.tiling.tile_px, reach_px, grid_px)

    def _read(self, photo: Tensor, tile: Tile) -> Tensor:
        """The tile with its halo, on the device."""
        return photo[..., *tile.outer].to(self.device).contiguous(memory_format=torch.channels_last)


@dataclass
class _Change:
    """What was done to a photo, summed over its tiles."""

    tiles: int = 0
    damaged: float = 0.0
    repainted: float = 0.0
    total: float = 0.0
    largest: float = 0.0

    def add(self, old: Tensor, restored: Tensor, mask: Tensor, share: Tensor) -> None:
        """Count a tile: its pixels before and after (1, 3, h, w), its mask and repainted share (1, 1, h, w)."""
        change = (restored - old).abs()
        self.tiles += 1
        self.damaged += int((mask > 0).sum())
        self.repainted += float(share.sum(dtype=torch.float64))
        self.total += float(change.sum(dtype=torch.float64))
        self.largest = max(self.largest, float(change.max()))


def _face_facts(records: Sequence[FaceRecord]) -> dict[str, float]:
    """How many faces were found and enhanced, and by how much the most changed one was; nothing without a face."""
    if not records:
        return {}
    changes = [one.structure_distance or 0.0 for one in records if one.outcome == Outcome.ENHANCED]
    return {"faces": len(records), "enhanced_faces": len(changes), "face_change": max(changes, default=0.0)}
