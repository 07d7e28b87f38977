"""A corpus for the eye: its photos on one sheet, its sources and licences in one table."""

from __future__ import annotations

from collections import Counter

from ops.corpora.records import Corpus
from ops.images import decode_rgb
from ops.pictures import contact_sheet, markdown_picture


def source_table(corpus: Corpus) -> str:
    """Markdown: how many photos of which source under which licence, and how many files were refused and why."""
    counts = Counter((photo.source, photo.licence, photo.split) for photo in corpus.photos)
    lines = ["| source | licence | split | photos |", "|---|---|---|---:|"]
    lines += [f"| {source} | {licence} | {split} | {n} |" for (source, licence, split), n in sorted(counts.items())]
    refused = Counter(refusal.reason for refusal in corpus.refused)
    lines += [f"| refused: {reason} | | | {count} |" for reason, count in refused.most_common()]
    return "\n".join(lines)


def corpus_sheet(corpus: Corpus, count: int = 24, columns: int = 8) -> str:
    """Markdown picture of ``count`` photos spread over the corpus; a sentence if there are none."""
    if not corpus.photos:
        return "no photos"
    step = max(1, len(corpus.photos) // count)
    photos = [decode_rgb(photo.path.read_bytes()) for photo in corpus.photos[::step][:count]]
    whole_rows = len(photos) // columns * columns or len(photos)
    width = min(columns, whole_rows)
    rows = [photos[start : start + width] for start in range(0, whole_rows, width)]
    return markdown_picture(contact_sheet(rows, [""] * width, cell_px=128), corpus.name)
