"""The losses of a training as a picture."""

from __future__ import annotations

from ops.checkpoints import Checkpoint
from ops.pictures import line_plot


def loss_curves(checkpoint: Checkpoint) -> bytes:
    """All terms over the steps, as PNG bytes; an empty plot for a training of no steps."""
    rows = checkpoint.history
    names = [name for name in rows[0] if name != "step"] if rows else []
    curves = {name: ([row["step"] for row in rows], [row[name] for row in rows]) for name in names}
    return line_plot(curves, title=checkpoint.stage, x_title="step", y_title="weighted loss")
