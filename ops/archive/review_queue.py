"""The results that wait for a person, with what a person needs to see."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from ops.archive.closing import open_books
from ops.archive.decisions import Decision, decide
from ops.archive.ledger import LedgerRow
from ops.archive.provenance import ReleaseIdentity, photo_id
from ops.decoding import Decode
from ops.images import PhotoError, encode_jpeg, page_key
from ops.pictures import mask_overlay
from ops.storage.protocol import ObjectMissingError, SourceChangedError, Storage

_LONGEST_PX = 1400


@dataclass(frozen=True)
class ReviewQueue:
    """What waits, by a name that is safe in an address."""

    source: Storage
    target: Storage
    release: ReleaseIdentity
    decode: Decode
    waiting: dict[str, LedgerRow]

    def picture(self, photo: str, kind: str, page: int = 1) -> bytes | None:
        """A JPEG of one page: ``before``, ``mask`` (over the photo) or ``after``; None if it cannot be shown."""
        row = self.waiting.get(photo)
        if row is None or row.output_key is None or row.mask_key is None or kind not in {"before", "mask", "after"}:
            return None
        if not 1 <= page <= (row.num_pages or 1):
            return None
        try:
            if kind == "after":
                return _preview(self._pixels(self.target.read(row.output_key), page))
            before = self._pixels(self.source.read(row.key, row.source_etag), page)
            if kind == "before":
                return _preview(before)
            mask = self._pixels(self.target.read(page_key(row.mask_key, page)))[:, :1]
        except (ObjectMissingError, SourceChangedError, PhotoError):
            return None
        return _preview(mask_overlay(before, mask))

    def decide(self, photo: str, verdict: str, by: str, note: str) -> Decision:
        """Write down a verdict.

        Raises:
            ValueError: the photo does not wait, or the verdict is unknown.
        """
        if photo not in self.waiting:
            raise ValueError("this photo does not wait, or waits no longer: load the page again")
        return decide(self.target, self.release, self.waiting[photo], verdict, by, note)

    def _pixels(self, data: bytes, page: int = 1) -> Tensor:
        return self.decode(data, lambda _: None)[page - 1].pixels


def open_queue(
    source: Storage, target: Storage, collection: str, release: ReleaseIdentity, decode: Decode
) -> ReviewQueue:  # fmt: skip
    """Find out what waits in a collection.

    Raises:
        ValueError: it has no manifest.
    """
    rows = open_books(target, collection, release).waiting
    return ReviewQueue(source, target, release, decode, {photo_id(f"{row.shard}/{row.key}"): row for row in rows})


def _preview(pixels: Tensor) -> bytes:
    """A JPEG of at most ``_LONGEST_PX`` a side, of (1, 3, H, W) in [0, 1]."""
    scale = _LONGEST_PX / max(pixels.shape[-2:])
    if scale < 1:
        pixels = F.interpolate(pixels, scale_factor=scale, mode="area")
    return encode_jpeg(pixels, 85)
