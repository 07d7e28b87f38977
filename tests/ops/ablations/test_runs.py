from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.detector import DefectDetector
from models.inpainter import Inpainter
from ops.ablations.runs import AblationData, HalfCleanPairs, train_ablation, train_vaes
from ops.ablations.variants import ABLATIONS, PAPER_LIKE, Ablation, ablation_named, shortened
from ops.checkpoints import Checkpoint, config_to_json, write_checkpoint
from ops.detection.calibration import Calibration
from ops.recipes import SMOKE
from ops.tensor_files import save_tensors
from ops.training import Workbench
from tests.ops.stages.stage_recipes import FadedBlots, bench

BRIEF = replace(SMOKE.clean_vae.schedule, steps=20, steady_steps=10, batch_size=2, crop_px=32)
TINY = replace(
    SMOKE,
    clean_vae=replace(SMOKE.clean_vae, schedule=BRIEF),
    degraded_vae=replace(SMOKE.degraded_vae, schedule=BRIEF),
    mapping=replace(SMOKE.mapping, schedule=BRIEF),
)
PAIRS = FadedBlots()
DATA = AblationData(PAIRS, None, PAIRS.batch(99, 1, 32), {}, "none")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return bench(tmp_path_factory.mktemp("ablations"))


@pytest.fixture(scope="module")
def detector(work: Workbench) -> Checkpoint:
    folder = work.root / "detector"
    save_tensors(folder / "weights.safetensors", DefectDetector(TINY.detector.network).state_dict())
    calibration = config_to_json(Calibration(scale=1.0, shift=0.0, threshold=0.5, clean_alarms=0.0))
    facts = {"recipe": config_to_json(TINY.detector), "calibration": calibration}
    return write_checkpoint(folder, "defect_detector", 0, facts, [])


@pytest.fixture(scope="module")
def inpainter(work: Workbench) -> Checkpoint:
    assert TINY.inpainter is not None
    folder = work.root / "inpainter"
    save_tensors(folder / "weights.safetensors", Inpainter(TINY.inpainter.network).state_dict())
    return write_checkpoint(folder, "inpainter", 0, {"recipe": config_to_json(TINY.inpainter)}, [])


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.slug)
def test_every_ablation_trains_and_restores(
    ablation: Ablation, work: Workbench, inpainter: Checkpoint, detector: Checkpoint
) -> None:
    network = train_ablation(ablation, shortened(ablation.apply(TINY), 0.1), DATA, inpainter, detector, work)
    has_inpainter = ablation.name not in {"no inpainter", "no first fill", PAPER_LIKE}
    assert (network.inpainter is not None) == has_inpainter
    with torch.inference_mode():
        restored = network(DATA.shown.degraded, DATA.shown.mask).restored
    assert restored.isfinite().all()


def test_what_two_ablations_train_alike_is_trained_once(tmp_path: Path) -> None:
    lines: list[str] = []
    work = replace(bench(tmp_path), report=lines.append)
    for name in ("no gate", "hard masks"):
        ablation = ablation_named(name)
        train_vaes(ablation, shortened(ablation.apply(TINY), 0.1), DATA, work)
    assert sum("already trained" in line for line in lines) == 2


def test_one_autoencoder_learns_clean_photos_in_half_of_each_batch() -> None:
    drawn, mixed = (source.batch(3, 4, 32) for source in (PAIRS, HalfCleanPairs(PAIRS)))
    assert_close(mixed.degraded, torch.cat([drawn.clean[:2], drawn.degraded[2:]]))
