"""What the ballots say: the report's table of places, strengths with intervals, and whether position mattered."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from ops.preference.ballots import Ballot

RESAMPLES = 500


def top_shares(ballots: Sequence[Ballot], methods: Sequence[str]) -> pd.DataFrame:
    """The share of ballots that rank a method among the first k, for k = 1 .. 5 at most: the report's table 4.2.

    Returns:
        One row a method (the index), the columns ``top-1`` ... as shares in [0, 1]; the best first.
    """
    places = {method: [ballot.ranking.index(method) for ballot in ballots] for method in methods}
    shares = {
        f"top-{k}": {method: sum(place < k for place in ranks) / len(ranks) for method, ranks in places.items()}
        for k in range(1, min(5, len(methods) - 1) + 1)
    }
    return pd.DataFrame(shares).sort_values(list(shares), ascending=False)


def strengths(ballots: Sequence[Ballot], methods: Sequence[str], generator: torch.Generator) -> pd.DataFrame:
    """Bradley-Terry strengths as the chance to be preferred to the average method, with 95 % intervals over raters.

    A ranking is read as all its pairwise preferences. With w_ij how often i was preferred to j:
        P(i before j) = p_i / (p_i + p_j),   p_i <- sum_j w_ij / sum_j (w_ij + w_ji) / (p_i + p_j)
    Hunter, "MM Algorithms for Generalized Bradley-Terry Models", Annals of Statistics 32(1), 2004, equation 3. Half a
    vote each way is added to every pair, so that a method nobody preferred has a strength all the same.

    Returns:
        One row a method (the index), strength = p / (p + 1) where the geometric mean of all p is 1, and its bounds
        ``low`` and ``high`` (NaN with a single rater: nobody knows how the next one would vote); the strongest first.
    """
    wins = torch.stack([_wins(ballot, methods) for ballot in ballots])
    raters = sorted({ballot.rater for ballot in ballots})
    by_rater = torch.stack([wins[[b.rater == rater for b in ballots]].sum(dim=0) for rater in raters])
    pooled = bradley_terry(by_rater.sum(dim=0)).tolist()
    table = pd.DataFrame({"strength": pooled}, index=pd.Index(methods, name="method"))
    table["low"], table["high"] = math.nan, math.nan
    if len(raters) > 1:
        picks = torch.randint(len(raters), (RESAMPLES, len(raters)), generator=generator)
        drawn = torch.stack([bradley_terry(by_rater[pick].sum(dim=0)) for pick in picks])
        bounds = drawn.quantile(torch.tensor([0.025, 0.975], dtype=drawn.dtype), dim=0)
        table["low"], table["high"] = bounds[0].tolist(), bounds[1].tolist()
    return table.sort_values("strength", ascending=False)


def bradley_terry(wins: Tensor) -> Tensor:
    """Strengths (K,) in (0, 1) of ``wins`` (K, K), how often the row was preferred to the column; see ``strengths``."""
    votes = wins.double() + 0.5 * (1 - torch.eye(len(wins), dtype=torch.float64))
    won, met = votes.sum(dim=1), votes + votes.T
    power = torch.ones(len(wins), dtype=torch.float64)
    for _ in range(1000):
        updated = won / (met / (power[:, None] + power)).sum(dim=1)
        updated = updated / updated.log().mean().exp()
        if torch.allclose(updated, power, rtol=1e-9, atol=0):
            break
        power = updated
    return power / (power + 1)


def position_bias(ballots: Sequence[Ballot]) -> list[float]:
    """The share of first places by the position in which the winner was shown; without bias all are alike."""
    positions = [ballot.shown.index(ballot.ranking[0]) for ballot in ballots]
    return [positions.count(position) / len(positions) for position in range(len(ballots[0].shown))]


def _wins(ballot: Ballot, methods: Sequence[str]) -> Tensor:
    place = torch.tensor([ballot.ranking.index(method) for method in methods])
    return (place[:, None] < place).double()
