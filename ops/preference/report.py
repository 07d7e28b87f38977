"""The user study as a page of tables, and the study that is shown, out of the results of the methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from ops.images import encode_png
from ops.preference.ballots import Ballot
from ops.preference.standings import position_bias, strengths, top_shares
from ops.preference.studies import Study, build_study
from ops.report_pages import Page, Section, Table
from ops.scores.held_out import HeldOut
from ops.scores.method_results import MethodResult, check_test_set, comparable, join_results

PHOTOS = 25  # as many as the report showed

_NO_VOTES = "Nobody has voted on this study yet: run `albumen study`, open the address it prints, and rank some photos."
_SHARES = "Share of ballots that rank a method among the first k. Votes without a preference would give k of {count}."
_STRENGTHS = (
    "Bradley-Terry strength: the chance to be preferred to the average method, with 95 % bootstrap intervals over "
    "raters; all pairwise preferences of a ranking count."
)
_BIAS = (
    "Share of first places by the position in which the winner was shown, left to right; far from {even:.0%} is bias."
)


def freeze_study(
    held_out: HeldOut, results: Sequence[MethodResult], root: Path, rivals: Sequence[MethodResult | None] = ()
) -> Study:
    """Freeze a study of evenly spread photos of the test set, restored by ``results`` and those ``rivals`` that ran.

    A rival whose results are of another test set is not shown.

    Raises:
        ValueError: one of ``results`` saw another test set; or as ``build_study``.
    """
    check_test_set(results, held_out.sha256)
    results = [*results, *comparable(rivals, held_out.sha256)[0]]
    _, restored = join_results(results)
    methods = [result.method for result in results]
    pictures = {}
    for pair in held_out.pairs[:: max(1, len(held_out.pairs) // PHOTOS)][:PHOTOS]:
        shown = {method: restored[pair.name, method] for method in methods if (pair.name, method) in restored}
        pictures[pair.name] = (encode_png(pair.degraded), {method: encode_png(one) for method, one in shown.items()})
    return build_study(pictures, methods, root)


def preference_page(study: Study, ballots: Sequence[Ballot]) -> Page:
    """The report's table of the user study, strengths with intervals, and a look at the position's influence."""
    raters = {ballot.rater for ballot in ballots}
    photos = f"{len(study.photos)} photos, {len(study.methods)} methods, study `{study.sha256[:12]}`."
    if not ballots:
        return Page("Preference study", photos, [Section("No votes yet", _NO_VOTES)])
    shares = top_shares(ballots, study.methods)
    scores = strengths(ballots, study.methods, torch.Generator().manual_seed(0))
    bias = position_bias(ballots)
    tables = {
        "How often among the first": Table(
            ["method", *shares.columns],
            [[str(method), *(f"{share:.2%}" for share in row)] for method, row in shares.iterrows()],
        ),
        "Strength": Table(
            ["method", "strength", "95 % interval"],
            [
                [str(method), f"{row['strength']:.3f}", _interval(row["low"], row["high"])]
                for method, row in scores.iterrows()
            ],
        ),
        "Position": Table(
            ["position", *(str(number) for number in range(1, len(bias) + 1))],
            [["first places", *(f"{share:.1%}" for share in bias)]],
        ),
    }
    texts = [_SHARES.format(count=len(study.methods)), _STRENGTHS, _BIAS.format(even=1 / len(study.methods))]
    sections = [Section(title, text, [table]) for (title, table), text in zip(tables.items(), texts, strict=True)]
    return Page("Preference study", f"{len(ballots)} ballots of {len(raters)} raters on {photos}", sections)


def _interval(low: float, high: float) -> str:
    return "one rater" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
