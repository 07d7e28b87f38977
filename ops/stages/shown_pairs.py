"""What a trained baseline does to a few validation pairs, as the picture beside its weights."""

from __future__ import annotations

from ops.checkpoints import Checkpoint
from ops.images import encode_png
from ops.pairs.sources import PairBatch
from ops.pictures import contact_sheet
from ops.restorers.restorer import Restorer
from ops.training import Workbench


def show_pairs(
    bench: Workbench, checkpoint: Checkpoint, restorer: Restorer, shown: PairBatch, says: str = "restored"
) -> None:
    """Keep a sheet of ``shown``: degraded, true mask, what ``restorer`` makes of both, clean; one photo at a time."""
    cells = []
    for number in range(len(shown.clean)):
        clean, degraded, mask = (one[number : number + 1] for one in (shown.clean, shown.degraded, shown.mask))
        cells.append([degraded, mask, restorer(degraded, mask), clean])
    bench.show(checkpoint, encode_png(contact_sheet(cells, ["degraded", "mask", says, "clean"])))
