from pathlib import Path

import pytest
import torch

from ops.checkpoints import config_to_json, write_checkpoint
from ops.detection.calibration import calibrate, calibrated, threshold_of
from ops.detection.curves import reliability
from ops.detection.verdicts import Verdicts
from ops.recipes import SMOKE
from ops.stages.detector import DetectorStage, load_detector
from ops.tensor_files import save_tensors


def overstating(scale: float = 2.0, shift: float = 3.0) -> Verdicts:
    """A detector whose logits are ``scale * z + shift`` where the truth has the odds exp(z)."""
    generator = torch.Generator().manual_seed(0)
    true = torch.randn(200_000, generator=generator) * 2 - 3
    damaged = torch.rand(len(true), generator=generator) < true.sigmoid()
    return Verdicts(scale * true + shift, damaged, scale * (true[:20_000] - 3) + shift, (len(true),))


def test_calibration_finds_back_the_odds() -> None:
    found = calibrate(overstating(), most_alarms=1.0)
    assert found.scale == pytest.approx(0.5, abs=0.02)
    assert found.shift == pytest.approx(-1.5, abs=0.05)


def test_what_a_calibrated_detector_states_is_what_happens() -> None:
    verdicts = overstating()
    found = calibrate(verdicts, most_alarms=1.0)
    stated, true = reliability(
        Verdicts(
            found.scale * verdicts.logits + found.shift, verdicts.damaged, torch.zeros(0), (len(verdicts.damaged),)
        )
    )
    assert max(abs(a - b) for a, b in zip(stated, true, strict=True)) < 0.03


@pytest.mark.parametrize("most", [0.005, 0.0005])
def test_photos_without_damage_are_marked_no_more_than_allowed(most: float) -> None:
    assert calibrate(overstating(), most).clean_alarms <= most


def test_calibration_needs_damaged_pixels() -> None:
    with pytest.raises(ValueError, match="needs damaged pixels"):
        calibrate(Verdicts(torch.randn(9), torch.zeros(9, dtype=torch.bool), torch.randn(9), (9,)), 0.005)


def test_the_threshold_lies_with_the_weights_and_the_weights_are_calibrated(tmp_path: Path) -> None:
    detector = DetectorStage(SMOKE.detector).detector.eval()
    save_tensors(tmp_path / "raw" / "weights.safetensors", detector.state_dict())
    (tmp_path / "raw" / "samples.png").write_bytes(b"")
    facts = {"recipe": config_to_json(SMOKE.detector)}
    raw = write_checkpoint(tmp_path / "raw", "pretrained_detector", 1, facts, [])
    with pytest.raises(ValueError, match="no calibrated detector"):
        threshold_of(raw)
    found = calibrate(overstating(), most_alarms=0.005)
    finished, photo = calibrated(raw, found, tmp_path), torch.rand(1, 3, 32, 32)
    assert threshold_of(finished) == found.threshold
    torch.testing.assert_close(load_detector(finished)(photo), found.scale * detector(photo) + found.shift)
