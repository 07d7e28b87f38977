"""The fair table: every method on the same pairs, one row per photo and method, then means with honest intervals.

Metrics are defined in ``ops/metrics``; which methods and which pairs are compared is the caller's choice. Methods
run in this process, one after another, torch held to one thread, so that seconds can be compared.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from ops.metrics import psnr, ssim
from ops.peak_memory import PeakMemory
from ops.pictures import contact_sheet, mask_overlay
from ops.restorers.restorer import Restorer

INPUT = "input"  # the row of the degraded photo itself, left as it is
METRICS = ("psnr", "ssim")
IDENTICAL_DB = 100.0  # stands for infinite PSNR in means: one untouched photo must not make a mean infinite
RESAMPLES = 2000  # of the bootstrap


@dataclass(frozen=True)
class EvaluationPair:
    """One photo of the test set: ``clean`` and ``degraded`` (1, 3, H, W), ``mask`` (1, 1, H, W) or None, in [0, 1].

    ``mask`` is what every method is given: detected defects for the table, true ones for a bound labelled as such.
    ``damages`` names what was done to the photo, ``damaged_share`` the area that structured damage touches, in [0, 1].
    """

    name: str
    clean: Tensor
    degraded: Tensor
    mask: Tensor | None
    damages: tuple[str, ...] = ()
    damaged_share: float = 0.0


class BrokenRestorationError(ValueError):
    """A method returned something that is no restored photo: another size, NaN or infinity."""


def score(
    restorers: Mapping[str, Restorer],
    pairs: Iterable[EvaluationPair],
    progress: Callable[[str], None] = lambda line: None,
    keep: Callable[[EvaluationPair, str, Tensor], None] = lambda pair, method, restored: None,
) -> pd.DataFrame:
    """Restore every photo by every method and measure the results, and the untouched input beside them.

    A method that raises ValueError, ArithmeticError, RuntimeError (torch's own errors, out of memory included) or
    MemoryError fails that one cell, with the reason in it. A method that returns another size or non-finite pixels is
    broken, not unlucky: it is stopped, and its cells on all later photos say so. Any other exception is a fault of the
    program and passes through.

    Args:
        restorers: methods by the name their row shall have; ``input`` is taken.
        pairs: the test set, read once; names must differ.
        progress: is told about each finished cell in one line.
        keep: is given each restored photo, for grids and files.

    Returns:
        One row per photo and method: photo, method, psnr (dB), ssim, seconds (wall), error ("" when all went well), and
        peak_mb (memory above what was held before, NaN where it cannot be measured).

    Raises:
        ValueError: no pairs, a name twice, or a method called ``input``.
    """
    if INPUT in restorers:
        raise ValueError(f"{INPUT!r} is the row of the degraded photo itself; give the method another name")
    rows: list[dict[str, object]] = []
    stopped: dict[str, str] = {}
    seen: set[str] = set()
    with _one_thread():
        for pair in pairs:
            if pair.name in seen:
                raise ValueError(f"two photos are called {pair.name!r}; paired differences need one name each")
            seen.add(pair.name)
            rows.append(_measured(pair, INPUT, pair.degraded, 0.0))
            for method, restorer in restorers.items():
                row = _failed(pair, method, 0.0, stopped[method]) if method in stopped else None
                rows.append(row or _run(restorer, method, pair, stopped, keep))
                progress(_line(rows[-1]))
    if not rows:
        raise ValueError("the test set is empty; a table needs at least one pair")
    return pd.DataFrame(rows)


def summarise(
    scores: pd.DataFrame, generator: torch.Generator | None = None, metrics: Sequence[str] = METRICS
) -> pd.DataFrame:
    """Average the scores of each method over its photos, with 95 % bootstrap intervals over photos.

    Gains are differences to the input of the *same* photo, so their intervals are free of the spread between photos.

    Args:
        scores: a table made by ``score``.
        generator: draws the resamples; the default is seeded with 0, so that one table has one summary.
        metrics: the columns to average.

    Returns:
        One row per method in order of appearance, indexed by ``method``: photos and failed (counts), failure (the first
        reason), for each metric and its gain (psnr, psnr_gain, ...) the mean and its bounds ``_low`` and ``_high`` (NaN
        from a single photo), and mean seconds.
    """
    generator = generator or torch.Generator().manual_seed(0)
    capped = scores.assign(psnr=scores["psnr"].clip(upper=IDENTICAL_DB))
    baseline = capped[capped["method"] == INPUT].set_index("photo")
    summary = []
    for method, rows in capped.groupby("method", sort=False):
        good = rows[rows["error"] == ""].set_index("photo")
        failures = rows.loc[rows["error"] != "", "error"]
        entry: dict[str, object] = {"method": method, "photos": len(good), "failed": len(failures)}
        entry["failure"] = failures.iloc[0] if len(failures) else ""
        for metric in metrics:
            gains = good[metric] - baseline.loc[good.index, metric]
            for name, values in ((metric, good[metric]), (f"{metric}_gain", gains)):
                bounds = bootstrap_mean(torch.tensor(values.to_numpy(dtype=float, copy=True)), generator)
                entry |= dict(zip((name, f"{name}_low", f"{name}_high"), bounds, strict=True))
        summary.append(entry | {"seconds": good["seconds"].mean()})
    return pd.DataFrame(summary).set_index("method")


def comparison_grid(
    pairs: Sequence[EvaluationPair],
    restored: Mapping[tuple[str, str], Tensor],
    scores: pd.DataFrame,
    cell_px: int = 192,
) -> Tensor:
    """Show photos in rows and methods in columns, from the degraded photo to the clean one, with PSNR below.

    Args:
        pairs: which photos to show.
        restored: restored photos by (photo name, method), as ``score`` hands them to ``keep``; a missing one is a cell
            that failed and is shown grey.
        scores: the table of the same run; its methods are the columns.
        cell_px: side of a cell.

    Returns:
        (1, 3, H, W) in [0, 1].
    """
    methods = [str(method) for method in scores["method"].unique() if method != INPUT]
    decibels = scores.set_index(["photo", "method"])["psnr"].to_dict()
    has_masks = any(pair.mask is not None for pair in pairs)
    rows, captions = [], []
    for pair in pairs:
        tinted = [pair.degraded if pair.mask is None else mask_overlay(pair.degraded, pair.mask)] if has_masks else []
        grey = torch.full_like(pair.degraded, 0.5)
        results = [restored.get((pair.name, method), grey) for method in methods]
        rows.append([pair.degraded, *tinted, *results, pair.clean])
        shown = [_decibels(decibels[pair.name, method]) for method in (INPUT, *methods)]
        captions.append([shown[0], *[""] * len(tinted), *shown[1:], ""])
    titles = ["degraded", *(["given mask"] if has_masks else []), *methods, "clean"]
    return contact_sheet(rows, titles, [pair.name for pair in pairs], cell_px, captions)


def _run(
    restorer: Restorer,
    method: str,
    pair: EvaluationPair,
    stopped: dict[str, str],
    keep: Callable[[EvaluationPair, str, Tensor], None],
) -> dict[str, object]:
    start = time.perf_counter()
    try:
        with PeakMemory() as memory:
            restored = restorer(pair.degraded, pair.mask).detach().cpu()
        seconds = time.perf_counter() - start
        _check_restored(restored, pair)
    except BrokenRestorationError as error:
        stopped[method] = f"stopped after {pair.name}: {error}"
        return _failed(pair, method, time.perf_counter() - start, f"{error}; stopped here")
    except (ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        return _failed(pair, method, time.perf_counter() - start, f"{type(error).__name__}: {error}")
    keep(pair, method, restored)
    return _measured(pair, method, restored, seconds) | {"peak_mb": memory.mb}


def _check_restored(restored: Tensor, pair: EvaluationPair) -> None:
    if restored.shape != pair.degraded.shape:
        raise BrokenRestorationError(f"returned {tuple(restored.shape)} for a photo of {tuple(pair.degraded.shape)}")
    if not torch.isfinite(restored).all():
        raise BrokenRestorationError("returned NaN or infinity")


def _measured(pair: EvaluationPair, method: str, restored: Tensor, seconds: float) -> dict[str, object]:
    values = {"psnr": psnr(restored, pair.clean), "ssim": ssim(restored, pair.clean)}
    return {"photo": pair.name, "method": method, **values, "seconds": seconds, "error": "", "peak_mb": math.nan}


def _failed(pair: EvaluationPair, method: str, seconds: float, reason: str) -> dict[str, object]:
    reason = " ".join(reason.split())  # one line, for tables
    values = dict.fromkeys(METRICS, math.nan)
    return {"photo": pair.name, "method": method, **values, "seconds": seconds, "error": reason, "peak_mb": math.nan}


def _line(row: dict[str, object]) -> str:
    verdict = f"failed, {row['error']}" if row["error"] else f"{row['psnr']:.2f} dB, SSIM {row['ssim']:.3f}"
    return f"{row['photo']}, {row['method']}: {verdict} ({row['seconds']:.1f} s)"


def bootstrap_mean(values: Tensor, generator: torch.Generator) -> tuple[float, float, float]:
    """The mean of ``values`` (n,) and the 2.5 % and 97.5 % quantiles of the means of resamples of n values."""
    if len(values) < 2:
        return float(values.mean()), math.nan, math.nan
    picks = torch.randint(len(values), (RESAMPLES, len(values)), generator=generator)
    low, high = values[picks].mean(dim=1).quantile(torch.tensor([0.025, 0.975], dtype=values.dtype)).tolist()
    return float(values.mean()), low, high


def _decibels(value: float) -> str:
    return "failed" if math.isnan(value) else f"{value:.2f} dB"


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
