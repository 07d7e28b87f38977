"""What a restored shard looks like: a few photos before, what was found in them, and after."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ops.archive.ledger import LedgerRow
from ops.images import decode_mask, decode_rgb
from ops.pictures import contact_sheet, mask_overlay
from ops.storage.protocol import ObjectMissingError, SourceChangedError, Storage


def sample_sheet(rows: Sequence[LedgerRow], source: Storage, target: Storage, count: int, cell_px: int = 320) -> Tensor:
    """Before, defects found and after of ``count`` restored photos spread over ``rows``, as (1, 3, H, W) in [0, 1].

    Where nothing was restored it is a single grey cell.
    """
    restored = [row for row in rows if row.output_key is not None and row.mask_key is not None]
    if not restored:
        return _nothing(cell_px)
    step = max(1, len(restored) // count)
    chosen = restored[::step][:count]
    cells, names = [], []
    for row in chosen:
        assert row.output_key is not None
        assert row.mask_key is not None
        try:
            before = decode_rgb(source.read(row.key, row.source_etag))
        except (ObjectMissingError, SourceChangedError):  # replaced since: what lies there now was never restored
            continue
        mask = decode_mask(target.read(row.mask_key))
        cells.append([before, mask_overlay(before, mask), decode_rgb(target.read(row.output_key))])
        names.append(row.key)
    if not cells:
        return _nothing(cell_px)
    return contact_sheet(cells, ["before", "defects found", "after"], names, cell_px)


def _nothing(cell_px: int) -> Tensor:
    return contact_sheet([[torch.full((1, 3, 32, 64), 0.5)]], ["nothing was restored"], [""], cell_px)
