"""Counting: chance gives chance, and a known strength is found again."""

import random

import pytest
import torch

from ops.preference.ballots import Ballot
from ops.preference.standings import bradley_terry, position_bias, strengths, top_shares

METHODS = ["a", "b", "c", "d", "e", "f"]


def ballots(weights: list[float], raters: int = 22, photos: int = 25) -> list[Ballot]:
    """Rankings drawn from Plackett and Luce: each place goes to a method in proportion to its weight."""
    generator = random.Random(0)  # noqa: S311 - votes, not secrets
    made = []
    for rater in range(raters):
        for photo in range(photos):
            keyed = {m: generator.expovariate(w) for m, w in zip(METHODS, weights, strict=True)}
            ranking = tuple(sorted(METHODS, key=keyed.__getitem__))
            shown = tuple(generator.sample(METHODS, len(METHODS)))
            made.append(Ballot(str(rater), str(photo), ranking, shown, 1.0))
    return made


def test_random_votes_give_k_of_six_within_two_sigma() -> None:
    votes = ballots([1.0] * 6)
    shares = top_shares(votes, METHODS)
    assert list(shares) == ["top-1", "top-2", "top-3", "top-4", "top-5"]
    for k, (_, column) in enumerate(shares.items(), start=1):
        chance = k / 6
        assert (column - chance).abs().max() < 3 * (chance * (1 - chance) / len(votes)) ** 0.5
    assert shares["top-2"].sum() == pytest.approx(2)


def test_known_strengths_are_found_again_within_their_intervals() -> None:
    weights = [8.0, 4.0, 2.0, 1.0, 0.5, 0.25]
    table = strengths(ballots(weights), METHODS, torch.Generator().manual_seed(0))
    assert list(table.index) == METHODS
    mean = torch.tensor(weights).log().mean().exp().item()
    for method, weight in zip(METHODS, weights, strict=True):
        row = table.loc[method]
        assert row["low"] < row["strength"] < row["high"]
        assert row["strength"] == pytest.approx(weight / mean / (weight / mean + 1), abs=0.03)


def test_two_methods_have_the_share_of_their_wins() -> None:
    wins = torch.tensor([[0.0, 29.5], [9.5, 0.0]])  # half a vote each way is added
    assert bradley_terry(wins)[0] / (1 - bradley_terry(wins)[0]) == pytest.approx((30 / 10) ** 0.5, rel=1e-6)


def test_a_method_that_always_loses_has_a_strength_and_one_rater_no_interval() -> None:
    votes = [Ballot("anna", str(i), ("a", "b"), ("a", "b"), 1.0) for i in range(5)]
    table = strengths(votes, ["a", "b"], torch.Generator().manual_seed(0))
    assert 0 < table.loc["b", "strength"] < 0.5
    assert table["low"].isna().all()


def test_who_always_takes_the_left_one_is_seen() -> None:
    votes = [Ballot("anna", str(i), shown, shown, 1.0) for i, shown in enumerate([("a", "b"), ("b", "a")])]
    assert position_bias(votes) == [1, 0]
