"""The ballot box: who ranked which photo how, in one sqlite file. One ballot a rater and photo, and none is changed."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_TABLE = """
CREATE TABLE IF NOT EXISTS ballots (
    study TEXT NOT NULL,
    rater TEXT NOT NULL,
    photo TEXT NOT NULL,
    ranking TEXT NOT NULL,  -- methods, best first, as JSON
    shown TEXT NOT NULL,    -- methods in the order in which they were shown
    seconds REAL NOT NULL,
    cast_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
    PRIMARY KEY (study, rater, photo)
) WITHOUT ROWID
"""


class AlreadyVotedError(Exception):
    """This rater has ranked this photo before; the first ballot stands."""


@dataclass(frozen=True)
class Ballot:
    """One ranking.

    Attributes:
        rater: who, as ``rater_name`` writes it.
        photo: of which photo's results.
        ranking: methods, the best first.
        shown: the same methods in the order in which they were shown.
        seconds: that it took.
    """

    rater: str
    photo: str
    ranking: tuple[str, ...]
    shown: tuple[str, ...]
    seconds: float


def rater_name(typed: str) -> str:
    """A name as it is kept: one spelling for "Anna", " anna" and "ANNA".

    Raises:
        ValueError: empty, longer than 40 letters, or not made of letters, digits, spaces and ``. ' -``.
    """
    name = " ".join(unicodedata.normalize("NFC", typed).casefold().split())
    if not re.fullmatch(r"[\w .'-]{1,40}", name):
        raise ValueError("a name has 1 to 40 letters, digits, spaces, dots, apostrophes or hyphens")
    return name


class BallotBox:
    """The ballots of all studies in the file ``path``, which is made when missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as box:
            box.execute(_TABLE)

    def cast(self, study: str, ballot: Ballot) -> None:
        """Put a ballot in.

        Raises:
            AlreadyVotedError: there is one of this rater for this photo.
        """
        ranking, shown = json.dumps(ballot.ranking), json.dumps(ballot.shown)
        try:
            with self._open() as box:
                box.execute(
                    "INSERT INTO ballots (study, rater, photo, ranking, shown, seconds) VALUES (?, ?, ?, ?, ?, ?)",
                    (study, ballot.rater, ballot.photo, ranking, shown, ballot.seconds),
                )
        except sqlite3.IntegrityError as error:
            again = f"{ballot.rater} has ranked {ballot.photo} before; the first ballot stands"
            raise AlreadyVotedError(again) from error

    def ballots(self, study: str) -> list[Ballot]:
        """All ballots of one study, by rater and photo."""
        with self._open() as box:
            rows = box.execute(
                "SELECT rater, photo, ranking, shown, seconds FROM ballots WHERE study = ? ORDER BY rater, photo",
                (study,),
            ).fetchall()
        return [
            Ballot(rater, photo, tuple(json.loads(ranking)), tuple(json.loads(shown)), seconds)
            for rater, photo, ranking, shown, seconds in rows
        ]

    def photos_ranked(self, study: str, rater: str) -> set[str]:
        """The photos that ``rater`` is done with."""
        with self._open() as box:
            rows = box.execute("SELECT photo FROM ballots WHERE study = ? AND rater = ?", (study, rater)).fetchall()
        return {photo for (photo,) in rows}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for this call alone, so that any thread may call; committed, or rolled back on an error."""
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            yield connection
