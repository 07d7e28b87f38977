"""The report's question: at which scales must the generator see the degraded face?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models.face import Start
from models.face_finder import FaceFinder
from ops.corpora.records import Corpus
from ops.faces.judge import judge_generator
from ops.faces.verdict import FaceVerdict
from ops.pairs.sources import PairBatch
from ops.pictures import contact_sheet
from ops.stages.face import FaceRecipe, face_pairs, train_face_generator, trained_generator
from ops.training import Facts, Workbench

_NUM_JUDGED = 16
_NUM_SHOWN = 4


@dataclass(frozen=True)
class InjectionStudy:
    """``verdicts`` by the scales that saw the face, and a ``sheet`` (1, 3, H, W) of held-out faces, a column each."""

    verdicts: dict[str, FaceVerdict]
    sheet: Tensor

    @property
    def table(self) -> str:
        """The verdicts as Markdown."""
        head = "| face injected at | PSNR, dB | structure distance |\n|---|---|---|\n"
        first = next(iter(self.verdicts.values()))
        rows = [("(degraded input)", first.psnr_input, first.structure_input)]
        rows += [(name, one.psnr_restored, one.structure_restored) for name, one in self.verdicts.items()]
        return head + "\n".join(f"| {name} | {level:.2f} | {distance:.4f} |" for name, level, distance in rows)


def injection_variants(recipe: FaceRecipe) -> dict[str, FaceRecipe]:
    """The recipe with the face at 16 px only, at the finest scale only, and at all.

    Each starts from a latent vector and draws without the pixel shortcut, so that the face comes in nowhere else.
    """
    network = recipe.network
    finest, scales = network.canvas_px, tuple(network.start_px * 2**level for level in range(len(network.widths)))
    choices = {"16 px only": (16,), f"{finest} px only": (finest,), "all scales": scales}
    schedule = replace(
        recipe.schedule, steps=recipe.study_steps, steady_steps=min(recipe.schedule.steady_steps, recipe.study_steps)
    )
    return {
        name: replace(
            recipe,
            network=replace(network, start=Start.LATENT, has_pixel_shortcut=False, injection_px=injection),
            beginning=None,
            schedule=schedule,
        )
        for name, injection in choices.items()
    }


def study_injection(
    recipe: FaceRecipe, faces: Corpus, backgrounds: Corpus, finder: FaceFinder | None, facts: Facts, bench: Workbench
) -> InjectionStudy:
    """Train every variant from the same seed on the same faces and judge it on the same held-out ones.

    Raises:
        ValueError: there is no finder or no face to train with.
    """
    if finder is None:
        raise ValueError("the study needs the face finder; materialize aligned_faces with a package index in reach")
    verdicts: dict[str, FaceVerdict] = {}
    columns: list[Tensor] = []
    pairs = face_pairs(recipe, faces.held_out, backgrounds.held_out, _NUM_JUDGED)
    for name, variant in injection_variants(recipe).items():
        bench.report(f"injection study: {name}")
        trained = train_face_generator(variant, faces, backgrounds, finder, facts, bench.part(name))
        generator = trained_generator(variant, trained)
        verdicts[name] = judge_generator(generator, finder, pairs, len(faces.held_out), recipe.settings)
        assert pairs is not None  # without faces no variant trains
        with torch.inference_mode():
            columns.append(generator(pairs.degraded[:_NUM_SHOWN]))
    assert pairs is not None
    return InjectionStudy(verdicts, _sheet(pairs, columns, list(verdicts)))


def _sheet(pairs: PairBatch, columns: list[Tensor], names: list[str]) -> Tensor:
    shown = [pairs.degraded[:_NUM_SHOWN], *columns, pairs.clean[:_NUM_SHOWN]]
    cells = [[one[None] for one in row] for row in zip(*shown, strict=True)]
    return contact_sheet(cells, ["degraded", *names, "clean"], cell_px=128)
