"""The records of whether a face generator may touch faces. No tensors here."""

from __future__ import annotations

from dataclasses import dataclass

from ops.checkpoints import Checkpoint


@dataclass(frozen=True)
class FaceVerdict:
    """Means over degraded faces of people the generator was not trained on.

    Attributes:
        num_faces: different held-out faces.
        psnr_input: of the degraded faces, in dB.
        psnr_restored: of the restored ones.
        structure_input: ``structure_distance`` of the degraded faces to the clean ones.
        structure_restored: of the restored ones.
        strength: at which faces should be enhanced: the recipe's where restored faces are nearer to the truth by both
            measures on enough faces, else 0, which leaves every face alone.
    """

    num_faces: int
    psnr_input: float
    psnr_restored: float
    structure_input: float
    structure_restored: float
    strength: float

    def __str__(self) -> str:
        return (
            f"{self.num_faces} held-out faces, PSNR {self.psnr_input:.1f} -> {self.psnr_restored:.1f} dB, "
            f"structure distance {self.structure_input:.4f} -> {self.structure_restored:.4f}"
        )


@dataclass(frozen=True)
class JudgedFaces:
    """A trained face generator with the verdict on it, so that neither is taken for another's."""

    generator: Checkpoint
    verdict: FaceVerdict
