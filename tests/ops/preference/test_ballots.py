"""A ballot is kept once and as it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from ops.preference.ballots import AlreadyVotedError, Ballot, BallotBox, rater_name

BALLOT = Ballot("anna", "x", ("b", "a"), ("a", "b"), 12.5)


def test_ballots_come_back_as_they_were_and_by_study(tmp_path: Path) -> None:
    box = BallotBox(tmp_path / "box/ballots.sqlite")
    box.cast("s", BALLOT)
    box.cast("t", replace(BALLOT, ranking=("a", "b")))
    assert BallotBox(box.path).ballots("s") == [BALLOT]
    assert box.photos_ranked("s", "anna") == {"x"}
    assert box.photos_ranked("s", "ben") == set()


def test_a_second_ballot_is_refused_and_the_first_stands(tmp_path: Path) -> None:
    box = BallotBox(tmp_path / "ballots.sqlite")
    box.cast("s", BALLOT)
    with pytest.raises(AlreadyVotedError, match="anna has ranked x before"):
        box.cast("s", replace(BALLOT, ranking=("a", "b")))
    assert box.ballots("s") == [BALLOT]


def test_one_person_has_one_name() -> None:
    assert rater_name("  Anna  Maria ") == rater_name("ANNA MARIA") == "anna maria"
    assert rater_name("Jos\u0065\u0301") == rater_name("Jos\u00e9")


@pytest.mark.parametrize("typed", ["", "   ", "a" * 41, "<b>", "../x", "a/b", "x\x00"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="a name has"):
        rater_name(typed)
