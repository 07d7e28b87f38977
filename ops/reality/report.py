"""The reality report: a Markdown page with plots that says how far synthetic damage is from real old photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ops.corpora.records import Corpus
from ops.degradation.recipe import DegradationRecipe
from ops.images import decode_rgb
from ops.pictures import markdown_picture
from ops.reality.comparison import compare, distribution_plot, mean_distance, roc_plot
from ops.reality.crops import STATISTICS, Sampling, photo_table, synthetic_table
from ops.reality.judge import Verdict, judge

REPORT_SAMPLING = Sampling(longest_px=1024, crop_px=256, crops_per_photo=4, num_photos=100, seed=2020)
"""Crops of 256 px, as the networks see them, of photos as large as a screen."""

_NOTHING = """# Match to reality

There is nothing to compare with: no real old photos are configured, or none has sides of {crop_px} px ({small} were
smaller). Set ALBUMEN_OLD_PHOTOS to a folder or an s3://bucket/prefix of scans, materialize `old_photos` again, then
this report. The judge needs at least five photos, and some dozens to say much.
"""


@dataclass(frozen=True)
class RealityReport:
    """``text`` in Markdown with links to ``plots``, PNG bytes by file name; ``facts`` to draw over time, else empty."""

    text: str
    plots: dict[str, bytes]
    facts: dict[str, float]

    def write(self, folder: Path) -> None:
        """Write ``reality.md`` and its plots into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "reality.md").write_text(self.text)
        for name, png in self.plots.items():
            (folder / name).write_bytes(png)

    @property
    def pictures(self) -> str:
        """All plots as Markdown that carries its own pictures, for asset metadata."""
        return "\n\n".join(markdown_picture(decode_rgb(png), name) for name, png in self.plots.items()) or "no plots"


def report_reality(
    old: Corpus, clean: Corpus, recipe: DegradationRecipe, folder: Path, sampling: Sampling = REPORT_SAMPLING
) -> RealityReport:
    """Measure all ``old`` photos beside ``clean`` training photos damaged by ``recipe``; write the page and its plots.

    Too few old photos for a judge (fewer than five) leave the tables without one; none at all, a page that says so.

    Args:
        old: real old photos; both splits, for nothing is learned from them here.
        clean: only its training split is damaged, as in training.
        recipe: the damage to be compared.
        folder: where ``reality.md`` and ``reality-*.png`` go.
        sampling: the same for both sides.
    """
    real = photo_table([photo.path for photo in old.photos], sampling)
    if real.empty:
        report = RealityReport(_NOTHING.format(crop_px=sampling.crop_px, small=len(old.photos)), {}, {})
    else:
        synthetic = synthetic_table([photo.path for photo in clean.train], recipe, sampling)
        report = compare_to_reality(real, {recipe.version: synthetic}, sampling)
    report.write(folder)
    return report


def compare_to_reality(real: pd.DataFrame, synthetics: Mapping[str, pd.DataFrame], sampling: Sampling) -> RealityReport:
    """Lay statistics of ``real`` crops beside those of several named synthetic sets, the last the one of interest."""
    names = list(synthetics)
    comparisons = {name: compare(real[list(STATISTICS)], table) for name, table in synthetics.items()}
    can_judge = real.index.nunique() >= 5
    verdicts = {name: judge(real, table, sampling.seed) for name, table in synthetics.items()} if can_judge else {}
    plots = {"reality-distributions.png": distribution_plot({"real": real, **synthetics}, STATISTICS)}
    if verdicts:
        curves = {f"{name}: {one.auc:.2f}": (one.false_alarms, one.found) for name, one in verdicts.items()}
        plots["reality-judge.png"] = roc_plot(curves)
    facts = {f"distance, {name}": mean_distance(one) for name, one in comparisons.items()}
    facts |= {f"AUC, {name}": one.auc for name, one in verdicts.items()}
    parts = [
        "# Match to reality",
        f"{len(real)} crops of {real.index.nunique()} real old photos, and as a rule as many of each clean photo "
        f"damaged by {', '.join(names)}: {sampling.crops_per_photo} crops of {sampling.crop_px} px a photo, photos "
        f"shrunk to {sampling.longest_px} px where larger, seed {sampling.seed}.",
        "## The judge",
        verdict_table(verdicts) if verdicts else "Fewer than five old photos: too few to cross-validate a judge.",
        f"## Statistics, real and {names[-1]}",
        comparison_table(comparisons[names[-1]], STATISTICS),
        distance_line(facts, names),
        *(f"![{name}]({name})" for name in plots),
    ]
    return RealityReport("\n\n".join(parts) + "\n", plots, facts)


def verdict_table(verdicts: Mapping[str, Verdict]) -> str:
    """Markdown: AUC with interval, photos, and what gave the synthetic set away, a row for each set."""
    lines = [
        "| synthetic set | AUC | 95 % interval | photos, real / synthetic | gives it away |",
        "|---|---:|---|---|---|",
    ]
    for name, one in verdicts.items():
        clues = ", ".join(f"{clue} ({lost:.3f})" for clue, lost in one.clues.items() if lost > 0) or "nothing"
        counts = f"{one.num_real} / {one.num_synthetic}"
        lines.append(f"| {name} | {one.auc:.3f} | {one.low:.3f} to {one.high:.3f} | {counts} | {clues} |")
    return "\n".join(lines)


def comparison_table(comparison: pd.DataFrame, units: Mapping[str, str]) -> str:
    """Markdown: quartiles of both sides and the distance, a row for each statistic; the most different first."""
    lines = ["| statistic | unit | real | synthetic | distance | relative |", "|---|---|---|---|---:|---:|"]
    for name, row in comparison.sort_values("relative", ascending=False).iterrows():
        real, synthetic = (_quartiles([row[f"{side} {q}"] for q in ("25 %", "median", "75 %")]) for side in _SIDES)
        unit = units.get(str(name), "")
        lines.append(f"| {name} | {unit} | {real} | {synthetic} | {row['distance']:.3g} | {row['relative']:.2f} |")
    return "\n".join(lines)


def distance_line(facts: Mapping[str, float], names: Sequence[str]) -> str:
    """One sentence: the mean relative distance of each set."""
    distances = ", ".join(f"{name} {facts[f'distance, {name}']:.2f}" for name in names)
    return (
        "Each cell: median (quartiles). The distance is Wasserstein's in the unit of the statistic, relative is the "
        f"same over the standard deviation of both sides together. Mean relative distance: {distances}."
    )


_SIDES = ("real", "synthetic")


def _quartiles(values: Sequence[float]) -> str:
    low, middle, high = values
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"
