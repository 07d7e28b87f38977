"""The losses of a training as a picture."""

from __future__ import annotations

from ops.checkpoints import Checkpoint
from ops.pictures import line_plot


def loss_curves(checkpoint: Checkpoint) -> bytes:
    """All terms over the steps, as PNG bytes; an empty plot for a training of no steps."""
    rows = checkpoint.history
    names = dict.fromkeys(name for row in rows for name in row if name != "step")  # some terms join late
    seen = {name: [row for row in rows if name in row] for name in names}
    curves = {name: ([row["step"] for row in kept], [row[name] for row in kept]) for name, kept in seen.items()}
    return line_plot(curves, title=checkpoint.stage, x_title="step", y_title="weighted loss")
