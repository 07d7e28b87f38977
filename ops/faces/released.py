"""What a release holds and says of faces: the generator if its verdict allows it, and a paragraph either way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from models.face import FaceGeneratorConfig
from ops.checkpoints import Checkpoint, config_from_json
from ops.corpora.records import Corpus
from ops.faces.finder_weights import WHEEL
from ops.faces.settings import FaceSettings
from ops.faces.verdict import JudgedFaces


@dataclass(frozen=True)
class ReleasedFaces:
    """The part of a release that is about faces.

    Attributes:
        network: of the generator; None without one.
        settings: how faces are treated, with the strength that the verdict allows; None without a generator.
        weights: where ``ops.releases.write_release`` finds the generator; empty without one.
        checkpoints: the generator's training, for the model card; empty without one.
        note: what the model card says of faces, in Markdown.
    """

    network: FaceGeneratorConfig | None
    settings: FaceSettings | None
    weights: dict[str, tuple[Path, str]]
    checkpoints: tuple[Checkpoint, ...]
    note: str

    def learnt_from(self, faces: Corpus | None) -> tuple[Corpus, ...]:
        """The ``faces`` that belong on the model card: those at hand, if the release has a generator."""
        return () if faces is None or self.network is None else (faces,)


def released_faces(judged: JudgedFaces | None, scale: str, settings: FaceSettings) -> ReleasedFaces:
    """What a release of ``scale`` gets by the verdict; ``judged`` is None if no generator was trained.

    ``settings`` are those of the recipe, by which the generator was judged; the verdict decides their strength.
    """
    if judged is None:
        return _without("no face generator was trained (job `train_faces`)")
    generator, verdict = judged.generator, judged.verdict
    if generator.facts["scale"] != scale:
        return _without(f"the face generator at hand was trained at scale {generator.facts['scale']}, not {scale}")
    if verdict.strength == 0:
        return _without(f"the trained generator does not help enough people to be let near any ({verdict})")
    return ReleasedFaces(
        config_from_json(FaceGeneratorConfig, generator.facts["recipe"]["network"]),
        replace(settings, strength=verdict.strength),
        {"face_generator": (generator.weights, "")},
        (generator,),
        f"Faces are enhanced at strength {verdict.strength:g} unless another is asked for ({verdict}). A face that "
        f"would come out as another is left. The finder's weights are not part of the release: pip fetches them at the "
        f"first use, from the wheel of {WHEEL} (MIT).",
    )


def _without(reason: str) -> ReleasedFaces:
    return ReleasedFaces(None, None, {}, (), f"Faces are left as the network makes them: {reason}.")
