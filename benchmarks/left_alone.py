"""How many clean photos of folders of yours the shipped model leaves alone, and what it did to the worst of them.

``python -m benchmarks.left_alone SHEET.png FOLDER...`` prints a table, a row for each folder as it was given, and draws
the worst six: as they are, what was taken for damaged, what came back. Faces are left. 224 photos, most 480 x 320 px,
took 179 seconds on one of two busy virtual cores.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from ops.chosen_model import SHIPPED_FOLDER
from ops.corpora.folders import folder_corpus
from ops.images import encode_png
from ops.releases import load_release
from ops.scores.left_alone import clean_photo_table, restore_clean, worst_sheet


def main(sheet: Path, folders: list[Path]) -> None:
    """Restore every photo of ``folders`` as a user's would be and compare it with itself."""
    restorer = load_release(SHIPPED_FOLDER)
    results = []
    with tempfile.TemporaryDirectory() as cache:
        for folder in folders:
            corpus = folder_corpus(str(folder), "clean", "FOLDER", Path(cache), print)
            photos = [replace(photo, split=str(folder)) for photo in corpus.photos]
            results += restore_clean(photos, restorer, lambda line: print(line, file=sys.stderr, flush=True))
        print(f"\n{clean_photo_table({'shipped': results})}")
        sheet.write_bytes(encode_png(worst_sheet(results, restorer)))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python -m benchmarks.left_alone SHEET.png FOLDER...")
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
