"""The face stage as a release uses it: finder, generator and settings in one object, ready for any photo."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from models.face import FaceGenerator
from models.face_finder import FaceFinder
from ops.faces.enhance import EnhancedFaces, enhance_faces
from ops.faces.settings import FaceSettings


class FaceRestorer:
    """Enhances the faces of photos that the network before has restored, one photo at a time.

    Args:
        finder: finds the faces, and looks at them again after the generator.
        generator: restores aligned faces of ``settings.canvas_px``.
        settings: of the release.
        strength: 0 leaves every face as it is, 1 takes the generator's whole; None takes that of ``settings``.
        device: a torch device for the generator; the finder is small and stays on the CPU.
    """

    def __init__(
        self,
        finder: FaceFinder,
        generator: FaceGenerator,
        settings: FaceSettings,
        strength: float | None = None,
        device: str = "cpu",
    ) -> None:
        if generator.config.canvas_px != settings.canvas_px:
            raise ValueError(
                f"the generator restores faces of {generator.config.canvas_px} px, "
                f"the settings align them to {settings.canvas_px} px; take both from one recipe"
            )
        self.finder = finder.eval()
        self.generator = generator.eval().to(device)
        self.settings = settings if strength is None else replace(settings, strength=strength)
        self.device = device

    @property
    def recipe(self) -> str:
        """The setting that decides the result beside the released model."""
        return f"face_strength={self.settings.strength:g}"

    def __call__(self, restored: Tensor) -> EnhancedFaces:
        """Enhance the faces of ``restored`` (1, 3, H, W) in [0, 1]; without a face it is returned as it is."""
        return enhance_faces(restored, self.finder, self._generate, self.settings)

    def _generate(self, faces: Tensor) -> Tensor:
        return self.generator(faces.to(self.device)).cpu()
