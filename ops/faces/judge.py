"""Whether the trained generator may touch faces at all: measured on held-out faces, shown on real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from models.face import FaceGenerator
from models.face_finder import FaceFinder
from models.lpips import Trunk
from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.faces.align import align, alignment, feather
from ops.faces.blend import change_of, size_of
from ops.faces.enhance import enhance_faces
from ops.faces.find import find_faces
from ops.faces.second_look import inspected, structure_distance
from ops.faces.settings import FaceSettings
from ops.faces.verdict import FaceVerdict
from ops.images import decode_rgb
from ops.metrics.weights import WeightsMissingError, load_lpips
from ops.pairs.sources import PairBatch
from ops.pictures import contact_sheet, markdown_picture
from ops.stages.face import FaceRecipe, face_pairs, trained_generator

_LEAST_FACES: Final = 10  # held-out faces below which nothing can be said
_NUM_PAIRS: Final = 32
_CELL_PX: Final = 160
_UNJUDGED: Final = FaceVerdict(0, 0.0, 0.0, 0.0, 0.0, strength=0.0)


@dataclass(frozen=True)
class FaceReport:
    """A verdict and, as Markdown, what the generator does to the faces of real old photos."""

    verdict: FaceVerdict
    pictures: str


def report_faces(
    recipe: FaceRecipe,
    checkpoint: Checkpoint,
    faces: Corpus,
    backgrounds: Corpus,
    old: Corpus,
    finder: FaceFinder | None,
) -> FaceReport:
    """Judge the trained generator on held-out ``faces`` before held-out ``backgrounds``, show it on the ``old`` photos.

    Without a finder nothing is judged, and the strength is 0.
    """
    if finder is None:
        return FaceReport(_UNJUDGED, "no face finder: connect to a package index once")
    generator = trained_generator(recipe, checkpoint)
    pairs = face_pairs(recipe, faces.held_out, backgrounds.held_out, _NUM_PAIRS)
    verdict = judge_generator(generator, finder, pairs, len(faces.held_out), recipe.settings)
    sheet = example_faces(generator, finder, old, replace(recipe.settings, strength=1.0))
    return FaceReport(verdict, "no face in the old photos" if sheet is None else markdown_picture(sheet, "faces"))


@torch.inference_mode()
def judge_generator(
    generator: FaceGenerator, finder: FaceFinder, pairs: PairBatch | None, num_faces: int, settings: FaceSettings
) -> FaceVerdict:
    """Compare degraded and restored faces with the clean ones of ``pairs``, cut from ``num_faces`` held-out faces.

    Judged is what would reach a photo at the strength of ``settings``: the change within the face, without its tone, if
    there is enough of it.
    """
    if pairs is None:
        return _UNJUDGED
    restored = torch.cat([_laid_back(face, generator(face), settings) for face in pairs.degraded.split(1)])
    before, after = pairs.degraded, restored
    psnr_input, psnr_restored = (float(face_psnr(faces, pairs.clean).mean()) for faces in (before, after))
    looks = [inspected(finder.inspector, faces) for faces in (before, after, pairs.clean)]
    structure_input, structure_restored = (float(structure_distance(look, looks[2]).mean()) for look in looks[:2])
    lpips_input, lpips_restored = (_lpips(faces, pairs.clean) for faces in (before, after))
    measured = FaceVerdict(
        num_faces,
        psnr_input,
        psnr_restored,
        structure_input,
        structure_restored,
        settings.strength,
        lpips_input,
        lpips_restored,
    )
    return measured if measured.is_better and num_faces >= _LEAST_FACES else replace(measured, strength=0.0)


def face_psnr(faces: Tensor, clean: Tensor) -> Tensor:
    """PSNR of ``faces`` (N, 3, S, S) within the face, by the weights of ``feather``: (N,) in dB, at most 60."""
    weight = feather(clean.shape[-1])
    error = ((faces - clean).square() * weight).sum(dim=(1, 2, 3)) / (3 * weight.sum())
    return -10 * torch.log10(error.clamp(min=1e-6))


def example_faces(
    generator: FaceGenerator, finder: FaceFinder, photos: Corpus, settings: FaceSettings, count: int = 12
) -> Tensor | None:
    """Faces of real photos before and after the face stage at full strength, with what was decided; None without one.

    Shown at the aligned size, as they stand in the photo after blending.
    """
    cells: list[list[Tensor]] = []
    captions: list[list[str]] = []
    for photo in photos.photos:
        before = decode_rgb(photo.read())
        for pair, caption in _shown(before, generator, finder, settings):
            cells.append(pair)
            captions.append(["", caption])
        if len(cells) >= count:
            break
    return _paired(cells[:count], captions[:count]) if cells else None


def _shown(
    before: Tensor, generator: FaceGenerator, finder: FaceFinder, settings: FaceSettings
) -> Sequence[tuple[list[Tensor], str]]:
    """Before and after, and the outcome, of every face of one photo."""
    result = enhance_faces(before, finder, generator, settings)
    shown = []
    for face, record in zip(find_faces(finder, before, settings.search), result.records, strict=True):
        affine = alignment(face.landmarks, _CELL_PX)
        shown.append(([align(photo, affine, _CELL_PX) for photo in (before, result.restored)], record.outcome))
    return shown


def _laid_back(degraded: Tensor, restored: Tensor, settings: FaceSettings) -> Tensor:
    change = change_of(degraded, restored)
    if size_of(change) < settings.min_change:
        return degraded
    return (degraded + settings.strength * change).clamp(0, 1)


def _lpips(faces: Tensor, clean: Tensor) -> float | None:
    """Mean LPIPS of AlexNet; None without its weights."""
    try:
        network = load_lpips(Trunk.ALEX)
    except WeightsMissingError:
        return None
    return float(network(faces, clean).mean())


def _paired(cells: list[list[Tensor]], captions: list[list[str]]) -> Tensor:
    """Two faces a row, so that the sheet is not a tower."""
    if len(cells) % 2:
        cells, captions = [*cells, [torch.ones(1, 3, _CELL_PX, _CELL_PX)] * 2], [*captions, ["", ""]]
    rows = [one + other for one, other in zip(cells[::2], cells[1::2], strict=True)]
    below = [one + other for one, other in zip(captions[::2], captions[1::2], strict=True)]
    return contact_sheet(rows, ["before", "after"] * 2, cell_px=_CELL_PX, captions=below)
