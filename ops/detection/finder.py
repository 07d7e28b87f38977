"""Finding the defects of one decoded photo of any size: where, how sure, and of what kind.

The detector writes the mask, in tiles with as much around them as it sees; where something is marked, it looks again
from further away and takes back what looks intact from there. No step sees where tiles end, and none holds more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from models.damage_kinds import DamageKinds
from models.detector import DefectDetector
from ops import large_tensors
from ops.detection.kinds import FoundKinds
from ops.detection.marking import REACH_PX, grown, mark
from ops.detection.second_look import LEAST_SIDE_PX, confirm, reach_px, shrunk
from ops.network_layout import laid_out
from ops.tiles import Tile, cut, kept, on_grid, put


class DefectFinder:
    """A detector ready for photos of any size, one at a time.

    Args:
        detector: says for each pixel how likely it is damaged.
        threshold: of the defect probability; below it a pixel counts as intact.
        tile_px: side of the pieces in which larger photos are seen; it changes no result.
        device: a torch device.
        sure: defect probability that something near has to reach for an unsure pixel to count (``mark``).
        confirm: mean defect probability that marks must have at half the photo's size, at a quarter, and so on, as far
            as the photo is large enough (``second_look.confirm``); without any, nobody looks again.
        kinds: says what kind the damage is; None if nobody trained it.
        margin_px: how much further than the detector says every mark reaches in the end: the rim of damage is faint,
            and what is painted would take its colour from there (docs/decisions/0022).
    """

    def __init__(
        self,
        detector: DefectDetector,
        threshold: float,
        tile_px: int,
        device: str = "cpu",
        sure: float = 0.0,
        confirm: Sequence[float] = (),
        kinds: DamageKinds | None = None,
        margin_px: int = 0,
    ) -> None:
        self.detector = laid_out(detector, device)
        self.threshold = threshold
        self.tile_px = tile_px
        self.device = device
        self.sure = sure
        self.confirm = tuple(confirm)
        self.kinds = None if kinds is None else laid_out(kinds, device)
        self.margin_px = margin_px

    @torch.inference_mode()
    def __call__(self, old: Tensor) -> tuple[Tensor, FoundKinds | None]:
        """Find the defects of ``old`` (1, 3, H, W) in [0, 1].

        Returns:
            The soft mask (1, 1, H, W), the defect probability where one is marked, the greatest nearby in its margin,
            else 0; and what kind each marked pixel is, None if nobody can tell.
        """
        mask = large_tensors.zeros(1, 1, *old.shape[-2:])
        kinds = None if self.kinds is None else _KindWalk(self.kinds, old)
        for tile in self._cut(old, self.detector.reach_px + REACH_PX, self.detector.grid_px):
            seen = self._read(old, tile)
            maps = self.detector.features(seen)
            logits = self.detector.logits(maps[0])[..., : seen.shape[-2], : seen.shape[-1]]
            marked = mark(logits.sigmoid(), self.threshold, self.sure)
            put(mask, tile, marked)
            if kinds is not None:
                kinds.add(tile, maps, kept(marked, tile) > 0)
        for scale, least in self.looks(old):
            mask = self._confirmed(mask, old, scale, least)
        if kinds is not None:
            kinds.keep(self._cut(mask, 0, 1), mask)
        if self.margin_px and mask.any():
            mask = self._with_margin(mask)
            if kinds is not None:
                kinds.widen(self._cut(mask, 0, 1), self._with_margin(kinds.numbers))
        return mask, None if kinds is None else kinds.found(self._cut(mask, 0, 1))

    def looks(self, old: Tensor) -> list[tuple[int, float]]:
        """From how many times as far it looks at ``old`` (1, 3, H, W) again, and what it has to find there."""
        looks = [(2**number, least) for number, least in enumerate(self.confirm, start=1)]
        return [(scale, least) for scale, least in looks if min(old.shape[-2:]) >= scale * LEAST_SIDE_PX]

    def _confirmed(self, mask: Tensor, old: Tensor, scale: int, least: float) -> Tensor:
        """What is left of ``mask`` after a look from ``scale`` times as far."""
        if not mask.any():
            return mask
        prob = large_tensors.zeros(1, 1, *(-(-side // scale) for side in old.shape[-2:]))
        for tile in self._cut(prob, self.detector.reach_px, self.detector.grid_px):
            rows, columns = (slice(scale * side.start, scale * side.stop) for side in tile.outer)
            seen = shrunk(old[..., rows, columns].to(self.device), scale).contiguous(memory_format=torch.channels_last)
            put(prob, tile, self.detector(seen).sigmoid())
        left = large_tensors.zeros(*mask.shape)
        for tile in self._cut(mask, reach_px(scale), scale):
            prob_from_afar = prob[..., *on_grid(tile.outer, scale)].to(self.device)
            put(left, tile, confirm(self._read(mask, tile), prob_from_afar, scale, least))
        return left

    def _with_margin(self, marks: Tensor) -> Tensor:
        """``marks`` (1, 1, H, W), 0 where there are none, ``margin_px`` wider; the greater one wins."""
        wider = large_tensors.zeros(*marks.shape)
        for tile in self._cut(marks, self.margin_px, 1):
            put(wider, tile, grown(marks[..., *tile.outer], self.margin_px))
        return wider

    def _cut(self, photo: Tensor, halo_px: int, grid_px: int) -> Iterator[Tile]:
        height, width = photo.shape[-2:]
        return cut(height, width, self.tile_px, halo_px, grid_px)

    def _read(self, photo: Tensor, tile: Tile) -> Tensor:
        """The tile with its halo, on the device."""
        return photo[..., *tile.outer].to(self.device).contiguous(memory_format=torch.channels_last)


class _KindWalk:
    """The kinds of damage, tile by tile, from the features that the detector made anyway."""

    def __init__(self, head: DamageKinds, old: Tensor) -> None:
        self.head = head
        self.numbers = large_tensors.zeros(1, 1, *old.shape[-2:])

    def add(self, tile: Tile, maps: Sequence[Tensor], is_marked: Tensor) -> None:
        """Say what is marked in the middle of ``tile``, ``is_marked`` (1, 1, h, w)."""
        if not is_marked.any():
            return
        self.numbers[..., *tile.middle] = kept(1 + self.head(maps).argmax(dim=1, keepdim=True), tile) * is_marked

    def keep(self, tiles: Iterator[Tile], mask: Tensor) -> None:
        """Forget what is no longer marked in ``mask``."""
        for tile in tiles:
            self.numbers[..., *tile.middle] *= mask[..., *tile.middle] > 0

    def widen(self, tiles: Iterator[Tile], wider: Tensor) -> None:
        """Take what ``wider`` (1, 1, H, W) says where nothing was said."""
        for tile in tiles:
            said = self.numbers[..., *tile.middle]
            self.numbers[..., *tile.middle] = torch.where(said > 0, said, wider[..., *tile.middle])

    def found(self, tiles: Iterator[Tile]) -> FoundKinds:
        """What came together."""
        names = self.head.config.kinds
        pixels = torch.zeros(len(names) + 1, dtype=torch.long)
        for tile in tiles:
            said = self.numbers[..., *tile.middle]
            pixels += torch.bincount(said.long().flatten(), minlength=len(pixels))
        shares = (pixels[1:] / self.numbers.numel()).tolist()
        return FoundKinds(names, self.numbers, dict(zip(names, shares, strict=True)))
