"""The model card: what a release was trained on, for how long, what it scores and what it must not be used for.

After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. Everything here is read from the records of the
training, nothing is typed in by hand; what a person saw in its pictures belongs into a file beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus

_USE = """\
Made to take scratches, dust, stains, noise, blur and fading back from digitised old photographs. What it paints over a
defect is a guess learnt from other photographs, not evidence of what was there: keep the original, publish the mask
beside the restored photo. Not made to recognise, colour, or embellish anybody."""


def model_card(
    name: str, scale: str, checkpoints: Sequence[Checkpoint], corpora: Sequence[Corpus], scores: str, faces: str
) -> str:
    """Describe a release in Markdown.

    Args:
        name: the card's title.
        scale: name of the recipe.
        checkpoints: the trained networks that the release joins.
        corpora: the photographs they learnt from and were judged on; an empty one is left out.
        scores: the table of the evaluation, in Markdown.
        faces: how faces are treated, in Markdown.
    """
    parts = [
        f"# {name}",
        _USE,
        "## Training",
        f"Recipe {scale}; every number of it stands in `model.json` and in the records below.",
        _networks(checkpoints),
        "## Photographs",
        _photographs([corpus for corpus in corpora if corpus.photos]),
        "## Scores",
        scores.strip(),
        "## Faces",
        faces,
    ]
    return "\n\n".join(parts) + "\n"


def _networks(checkpoints: Sequence[Checkpoint]) -> str:
    lines = [
        "| network | updates | photos a batch | crop, px | damage | weights (sha256) |",
        "|---|---:|---:|---:|---|---|",
    ]
    for one in checkpoints:
        recipe: Mapping[str, Any] = one.facts["recipe"]
        schedule = recipe["finetuning" if "pretrained" in one.facts else "schedule"]
        numbers = f"{one.step:,} | {schedule['batch_size']} | {schedule['crop_px']}"
        lines.append(f"| {one.stage} | {numbers} | {one.facts['degradation']} | `{one.sha256[:12]}` |")
    return "\n".join(lines)


def _photographs(corpora: Sequence[Corpus]) -> str:
    lines = ["| corpus | source | licence | learnt from | held out |", "|---|---|---|---:|---:|"]
    for corpus in corpora:
        trained = Counter((photo.source, photo.licence) for photo in corpus.train)
        held_out = Counter((photo.source, photo.licence) for photo in corpus.held_out)
        for source, licence in sorted(trained | held_out):
            counts = f"{trained[source, licence]} | {held_out[source, licence]}"
            lines.append(f"| {corpus.name} | {source} | {licence} | {counts} |")
    return "\n".join(lines)
