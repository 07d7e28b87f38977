"""Real beside synthetic, statistic by statistic: quartiles, the distance of the distributions, and their curves."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import wasserstein_distance

_QUARTILES = {"25 %": 0.25, "median": 0.5, "75 %": 0.75}


def compare(real: pd.DataFrame, synthetic: pd.DataFrame) -> pd.DataFrame:
    """A row for each statistic that both tables have.

    Columns: the quartiles of each side; ``distance``, the Wasserstein-1 distance in the unit of the statistic (the
    mean way by which sorted synthetic values must move to become the real ones); ``relative``, the same over the
    standard deviation of both sides taken together, each half the weight: 0 if they agree, 2 if they are two points.
    A statistic that one side never shows, or that never varies, has NaN there.

    Raises:
        ValueError: the tables have no column in common.
    """
    shared = [column for column in real.columns if column in synthetic.columns]
    if not shared:
        raise ValueError(f"nothing to compare: {list(real.columns)} and {list(synthetic.columns)} share no statistic")
    return pd.DataFrame(
        [_row(real[name], synthetic[name]) for name in shared], index=pd.Index(shared, name="statistic")
    )


def mean_distance(comparison: pd.DataFrame) -> float:
    """The relative distances of a comparison in one number, their mean; 0 if real and synthetic agree in each."""
    return float(comparison["relative"].mean())


def distribution_plot(tables: Mapping[str, pd.DataFrame], units: Mapping[str, str], columns: int = 4) -> bytes:
    """PNG: for every statistic of ``units`` the cumulative share of each named table, where curves that meet agree."""
    rows = -(-len(units) // columns)
    figure = Figure(figsize=(3.0 * columns, 2.3 * rows), dpi=80, layout="constrained")
    for place, (name, unit) in enumerate(units.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        for label, table in tables.items():
            values = np.sort(table[name].dropna().to_numpy(dtype=float))
            axes.step(values, np.arange(1, len(values) + 1) / max(len(values), 1), label=label, linewidth=1.3)
        axes.set_title(f"{name} [{unit}]", fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(visible=True, alpha=0.3)
        if place == 1:
            axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def roc_plot(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> bytes:
    """PNG: what share of real crops each named judge finds (y) at what share of false alarms (x)."""
    figure = Figure(figsize=(4.4, 4.0), dpi=80, layout="constrained")
    axes = figure.add_subplot()
    for name, (false_alarms, found) in curves.items():
        axes.plot(false_alarms, found, label=name, linewidth=1.4)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
    axes.set(xlabel="synthetic crops called real", ylabel="real crops called real", aspect="equal")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return _png(figure)


def _row(real: pd.Series[float], synthetic: pd.Series[float]) -> dict[str, float]:
    ours, theirs = real.dropna().to_numpy(dtype=float), synthetic.dropna().to_numpy(dtype=float)
    row = {f"real {name}": float(real.quantile(q)) for name, q in _QUARTILES.items()}
    row |= {f"synthetic {name}": float(synthetic.quantile(q)) for name, q in _QUARTILES.items()}
    if not (len(ours) and len(theirs)):
        return row | {"distance": float("nan"), "relative": float("nan")}
    distance = float(wasserstein_distance(ours, theirs))
    spread = float(np.sqrt((ours.var() + theirs.var()) / 2 + (ours.mean() - theirs.mean()) ** 2 / 4))
    return row | {"distance": distance, "relative": distance / spread if spread > 0 else float("nan")}


def _png(figure: Figure) -> bytes:
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()
