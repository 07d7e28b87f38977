"""The summary of a restored collection, for people: how many, how fast, and what was refused and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from ops.archive.ledger import LedgerRow

_MAX_LISTED = 50


def summarise(rows: Iterable[LedgerRow], num_waiting: int = 0) -> str:
    """Write the summary of ledger rows as Markdown; ``num_waiting`` of them nobody has looked at yet.

    The rate counts the seconds each photo took, one after the other; several workers together are faster.
    """
    rows = list(rows)
    restored = [row for row in rows if row.status == "restored"]
    refused = [row for row in rows if row.status == "refused"]
    assert len(rows) == len(restored) + len(refused)
    parts = [
        _totals(rows, restored, refused),
        *_copies(restored),
        *_flagged(restored, num_waiting),
        *_lost(restored),
        *_refusals(refused),
    ]
    return "\n\n".join(parts) + "\n"


def _totals(rows: Sequence[LedgerRow], restored: Sequence[LedgerRow], refused: Sequence[LedgerRow]) -> str:
    lines = [
        "| photos | restored | refused |",
        "|---:|---:|---:|",
        f"| {len(rows)} | {len(restored)} | {len(refused)} |",
    ]
    if restored:
        seconds = max(sum(row.seconds for row in restored), 1e-9)
        megapixels = sum((row.width or 0) * (row.height or 0) for row in restored) / 1e6
        damaged = median(row.damaged_fraction or 0 for row in restored)
        lines += [
            "",
            f"One worker restores {3600 * len(restored) / seconds:.0f} photos an hour, {megapixels / seconds:.2f} "
            f"megapixels a second. The median photo was found damaged on {damaged:.1%} of its area.",
        ]
    return "\n".join(lines)


def _copies(restored: Sequence[LedgerRow]) -> list[str]:
    """What was written on request; nothing where nobody asked."""
    access, sheets = (
        sum(key is not None for key in keys)
        for keys in ((row.access_key for row in restored), (row.sheet_key for row in restored))
    )
    megabytes = sum(row.access_bytes or 0 for row in restored) / 1e6
    if not access + sheets:
        return []
    return [f"{access} photos have access copies ({megabytes:.1f} MB), {sheets} have review sheets."]


def _flagged(restored: Sequence[LedgerRow], num_waiting: int) -> list[str]:
    """What calls for a person; a photo with two flags counts in both rows."""
    counts = Counter(flag for row in restored for flag in (row.flags or "").split(",") if flag)
    if not counts:
        return []
    lines = ["| held because | photos |", "|---|---:|", *(f"| {flag} | {n} |" for flag, n in counts.most_common())]
    return ["\n".join(lines), f"{num_waiting} of them wait for a decision: `albumen review`."]


def _lost(restored: Sequence[LedgerRow]) -> list[str]:
    counts = Counter(each for row in restored for each in (row.lost or "").split(",") if each)
    if not counts:
        return []
    lines = ["| not kept | photos |", "|---|---:|", *(f"| {each} | {n} |" for each, n in counts.most_common())]
    return ["\n".join(lines)]


def _refusals(refused: Sequence[LedgerRow]) -> list[str]:
    if not refused:
        return []
    by_reason = Counter(row.reason for row in refused).most_common()
    counts = ["| refused because | photos |", "|---|---:|", *(f"| {reason} | {count} |" for reason, count in by_reason)]
    listed = sorted(refused, key=lambda row: (row.reason or "", row.key))[:_MAX_LISTED]
    photos = [f"- {_quote(row.key)}: {_plain(row.message or '')}" for row in listed]
    if len(refused) > len(listed):
        photos.append(f"- and {len(refused) - len(listed)} more, in the ledger")
    return ["\n".join(counts), "\n".join(photos)]


def _quote(key: str) -> str:
    """A key as code: it may hold anything, also what Markdown or HTML would take for its own."""
    return f"`{_plain(key).replace('`', chr(39))}`"


def _plain(text: str) -> str:
    """Text on one line, without what starts HTML or a link, or ends a table cell."""
    return re.sub(r"[<>|\[\]\x00-\x1f\x7f]", lambda match: f"&#{ord(match[0])};", text)
