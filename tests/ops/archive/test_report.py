from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ops.archive.ledger import LedgerRow
from ops.archive.report import summarise

ROW = LedgerRow(
    shard="attic-00000",
    key="good",
    status="restored",
    source_etag="9f",
    source_bytes=1,
    model_name="albumen",
    model_version="3",
    model_sha256="ab" * 32,
    recipe="standard",
    seconds=2.0,
    finished_at=datetime(2025, 1, 2, tzinfo=UTC),
    width=1000,
    height=2000,
    damaged_fraction=0.25,
)
BAD = replace(ROW, key="bad", status="refused", reason="truncated", message="It ends early.")


def test_the_books_balance() -> None:
    report = summarise([ROW, ROW, BAD])
    assert "| 3 | 2 | 1 |" in report
    assert "| truncated | 1 |" in report
    assert "`bad`: It ends early." in report


def test_the_rate_is_that_of_one_worker() -> None:
    assert "1800 photos an hour, 1.00 megapixels a second" in summarise([ROW, ROW])


def test_a_collection_of_refusals_alone_has_a_report() -> None:
    assert "| 1 | 0 | 1 |" in summarise([BAD])
    assert "| 0 | 0 | 0 |" in summarise([])


def test_a_long_list_of_refusals_is_cut_and_says_so() -> None:
    report = summarise([replace(BAD, key=f"bad-{number:03d}") for number in range(60)])
    assert "bad-049" in report
    assert "bad-050" not in report
    assert "and 10 more" in report


def test_a_hostile_key_cannot_write_into_the_report() -> None:
    report = summarise([replace(BAD, key="a`\n# b|<script>", message="[x](http://y)\n| c |")])
    assert "<script>" not in report
    assert "\n# b" not in report
    assert "[x]" not in report
