"""A corpus for the eye: its photos on one sheet, its sources and licences in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ops.corpora.records import Corpus
from ops.images import decode_rgb
from ops.pictures import contact_sheet, markdown_picture


def source_table(corpus: Corpus) -> str:
    """Markdown: how many photos of which source under which licence."""
    counts = Counter((photo.source, photo.licence, photo.split) for photo in corpus.photos)
    lines = ["| source | licence | split | photos |", "|---|---|---|---:|"]
    lines += [f"| {source} | {licence} | {split} | {n} |" for (source, licence, split), n in sorted(counts.items())]
    return "\n".join(lines) if corpus.photos else "None."


def refusal_table(corpora: Sequence[Corpus], others: Mapping[str, int] | None = None) -> str:
    """Markdown: how many files were refused for which reason, the first of each by name.

    Args:
        corpora: whose refusals to count.
        others: photos that are in a corpus and were not used, by reason.
    """
    refused = [refusal for corpus in corpora for refusal in corpus.refused]
    counts = Counter(refusal.reason for refusal in refused)
    first = {refusal.reason: refusal.name for refusal in reversed(refused)}
    lines = [f"| {reason} | {count} | {first[reason]} |" for reason, count in counts.most_common()]
    lines += [f"| {reason} | {count} | |" for reason, count in (others or {}).items()]
    return "\n".join(["| reason | files | the first |", "|---|---:|---|", *lines]) if lines else "None."


def corpus_sheet(corpus: Corpus, count: int = 24, columns: int = 8) -> str:
    """Markdown picture of ``count`` photos spread over the corpus; a sentence if there are none."""
    if not corpus.photos:
        return "no photos"
    step = max(1, len(corpus.photos) // count)
    photos = [decode_rgb(photo.read()) for photo in corpus.photos[::step][:count]]
    whole_rows = len(photos) // columns * columns or len(photos)
    width = min(columns, whole_rows)
    rows = [photos[start : start + width] for start in range(0, whole_rows, width)]
    return markdown_picture(contact_sheet(rows, [""] * width, cell_px=128), corpus.name)
