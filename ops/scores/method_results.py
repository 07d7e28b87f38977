"""One method on the whole test set, kept as a Parquet file; and the table that joins the files of all methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.checkpoints import Checkpoint

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

    from ops.restorers.restorer import Restorer
    from ops.scores.evaluation import EvaluationPair
    from ops.scores.held_out import HeldOut


@dataclass(frozen=True)
class MethodCost:
    """What a method asks for.

    Attributes:
        parameters: trained ones that a restoration uses; 0 for a method without training.
        gflop: billions of floating-point operations of convolutions and matrix products for the first photo of the
            test set; what else a method computes is not counted.
        crops_seen: training crops that all its networks saw together.
    """

    parameters: int
    gflop: float
    crops_seen: int


@dataclass(frozen=True)
class MethodResult:
    """Where the results of ``method`` on the test set with checksum ``test_set`` lie, and what it cost.

    The file has the columns of ``evaluation.score`` and ``restored``, the photo as 8-bit PNG. ``training`` holds the
    checkpoints of its networks, the last one being the one that restores; none for a method without training, and in
    records of releases that did not keep them. ``cost`` is None in records of releases that did not measure it.
    """

    method: str
    test_set: str
    path: Path
    cost: MethodCost | None = None
    training: tuple[Checkpoint, ...] = ()


def run_method(
    method: str,
    restorer: Restorer,
    held_out: HeldOut,
    folder: Path,
    report: Callable[[str], None],
    network: nn.Module | None = None,
    training: Sequence[Checkpoint] = (),
) -> MethodResult:
    """Restore every pair of ``held_out`` by ``restorer`` and write scores and pictures to ``folder``.

    ``network`` holds the trained parameters, ``training`` tells how they came about; neither for an untrained method.
    """
    from ops.images import encode_png
    from ops.scores.evaluation import score

    restored: dict[tuple[str, str], bytes] = {}

    def keep(pair: EvaluationPair, name: str, photo: Tensor) -> None:
        """What ``score`` hands over, as a file would hold it."""
        restored[pair.name, name] = encode_png(photo)

    scores = score({method: restorer}, held_out.pairs, report, keep)
    keys = zip(scores["photo"], scores["method"], strict=True)
    scores["restored"] = [restored.get(key) for key in keys]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{method}.parquet"
    temporary = path.with_suffix(".partial")
    scores.to_parquet(temporary, index=False)
    temporary.replace(path)
    parameters = 0 if network is None else sum(weights.numel() for weights in network.parameters())
    crops_seen = sum(_crops_seen(checkpoint) for checkpoint in training)
    cost = MethodCost(parameters, _gflop(restorer, held_out.pairs[0]), crops_seen)
    return MethodResult(method, held_out.sha256, path, cost, tuple(training))


def check_test_set(results: Sequence[MethodResult], test_set: str) -> None:
    """Refuse results that were not made on the test set with checksum ``test_set``.

    Raises:
        ValueError: some were not; names them.
    """
    strangers = [f"{result.method}: {result.test_set[:12]}" for result in results if result.test_set != test_set]
    if strangers:
        raise ValueError(
            f"the test set is {test_set[:12]}, but these methods saw another ({', '.join(strangers)}); old scores are "
            "never mixed with new ones: materialize those methods again"
        )


def comparable(results: Sequence[MethodResult | None], test_set: str) -> tuple[list[MethodResult], list[str]]:
    """Those of ``results`` that were made on ``test_set``, and a note on each that saw another; None was never made."""
    made = [result for result in results if result is not None]
    strangers = [result for result in made if result.test_set != test_set]
    notes = [
        f"{one.method} is left out: its results are of test set {one.test_set[:12]}, this is {test_set[:12]}; "
        "materialize it again"
        for one in strangers
    ]
    return [one for one in made if one.test_set == test_set], notes


def join_results(results: Sequence[MethodResult]) -> tuple[pd.DataFrame, dict[tuple[str, str], Tensor]]:
    """The scores of all methods in one table, and the restored photos by (photo, method).

    Raises:
        ValueError: the methods were run on different test sets.
    """
    import pandas as pd

    from ops.images import decode_rgb
    from ops.parquet_bytes import read_parquet

    test_sets = {result.test_set[:12] for result in results}
    if len(test_sets) != 1:
        stated = ", ".join(f"{result.method}: {result.test_set[:12]}" for result in results)
        raise ValueError(f"the methods saw different test sets ({stated}); materialize those of the old one again")
    tables = [read_parquet(result.path.read_bytes()).to_pandas() for result in results]
    joined = pd.concat(tables, ignore_index=True).drop_duplicates(["photo", "method"])
    pictures = {
        (photo, method): decode_rgb(png)
        for photo, method, png in zip(joined["photo"], joined["method"], joined["restored"], strict=True)
        if png is not None
    }
    return joined.drop(columns="restored"), pictures


def _gflop(restorer: Restorer, pair: EvaluationPair) -> float:
    """Counted while the first photo is restored once more; NaN where the method fails on it."""
    from torch.utils.flop_counter import FlopCounterMode

    try:
        with FlopCounterMode(display=False) as counter:
            restorer(pair.degraded, pair.mask)
    except (ValueError, ArithmeticError, RuntimeError, MemoryError):
        return math.nan
    return counter.get_total_flops() / 1e9


def _crops_seen(checkpoint: Checkpoint) -> int:
    return checkpoint.step * int(checkpoint.facts["recipe"]["schedule"]["batch_size"])
