"""One method on the whole test set, kept as a Parquet file; and the table that joins the files of all methods."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from ops.evaluation import EvaluationPair
    from ops.restorers.restorer import Restorer


@dataclass(frozen=True)
class MethodResult:
    """Where the results of ``method`` on the test set with checksum ``test_set`` lie.

    The file has the columns of ``ops.evaluation.score`` and ``restored``, the photo as 8-bit PNG.
    """

    method: str
    test_set: str
    path: Path


def run_method(
    method: str,
    restorer: Restorer,
    pairs: Sequence[EvaluationPair],
    test_set: str,
    folder: Path,
    report: Callable[[str], None],
) -> MethodResult:
    """Restore every pair by ``restorer`` and write scores and pictures to ``folder``."""
    from ops.evaluation import score
    from ops.images import encode_png

    restored: dict[tuple[str, str], bytes] = {}

    def keep(pair: EvaluationPair, name: str, photo: Tensor) -> None:
        restored[pair.name, name] = encode_png(photo)

    scores = score({method: restorer}, pairs, report, keep)
    keys = zip(scores["photo"], scores["method"], strict=True)
    scores["restored"] = [restored.get(key) for key in keys]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{method}.parquet"
    temporary = path.with_suffix(".partial")
    scores.to_parquet(temporary, index=False)
    temporary.replace(path)
    return MethodResult(method, test_set, path)


def join_results(results: Sequence[MethodResult]) -> tuple[pd.DataFrame, dict[tuple[str, str], Tensor]]:
    """The scores of all methods in one table, and the restored photos by (photo, method).

    Raises:
        ValueError: the methods were run on different test sets.
    """
    import pandas as pd

    from ops.images import decode_rgb

    test_sets = {result.test_set[:12] for result in results}
    if len(test_sets) != 1:
        stated = ", ".join(f"{result.method}: {result.test_set[:12]}" for result in results)
        raise ValueError(f"the methods saw different test sets ({stated}); materialize those of the old one again")
    tables = [pd.read_parquet(io.BytesIO(result.path.read_bytes())) for result in results]
    joined = pd.concat(tables, ignore_index=True).drop_duplicates(["photo", "method"])
    pictures = {
        (photo, method): decode_rgb(png)
        for photo, method, png in zip(joined["photo"], joined["method"], joined["restored"], strict=True)
        if png is not None
    }
    return joined.drop(columns="restored"), pictures
