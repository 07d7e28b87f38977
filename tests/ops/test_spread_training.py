"""Several processes train as one does. Here on the CPU with gloo; on GPUs only the library underneath is another."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from ops.checkpoints import Checkpoint, find_checkpoint, verify_checkpoint
from ops.processes import check_devices
from ops.spread_training import TrainingProcessError
from ops.tensor_files import load_tensors
from ops.tracking import MemoryLog
from ops.training import Workbench
from tests.ops.spread_examples import (
    EXAMPLES,
    doubling,
    doubling_that_fails,
    doubling_to_the_end,
    gradients_and_six_steps,
    one_step,
)

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class SpreadRun:
    """What two processes left behind."""

    folder: Path
    checkpoint: Checkpoint
    log: MemoryLog
    lines: list[str]

    def bench(self, num_processes: int) -> tuple[Workbench, list[str]]:
        """A bench that goes on where they stopped."""
        lines: list[str] = []
        return Workbench(self.folder, MemoryLog(), lines.append, num_processes=num_processes), lines


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SpreadRun:
    folder, log, lines = tmp_path_factory.mktemp("spread"), MemoryLog(), list[str]()
    checkpoint = gradients_and_six_steps(folder, Workbench(folder, log, lines.append, num_processes=2))
    return SpreadRun(folder, checkpoint, log, lines)


@pytest.mark.parametrize("name", EXAMPLES)
def test_two_processes_descend_the_gradient_of_one(run: SpreadRun, name: str) -> None:
    expected, found = one_step(name), load_tensors(run.folder / f"{name}.safetensors")
    assert expected.keys() == found.keys()
    for role in ("trained", "judge"):
        mine = {key: tensor.detach() for key, tensor in expected.items() if key.startswith(role)}
        largest = max((float(tensor.abs().max()) for tensor in mine.values()), default=1.0)
        assert largest > 0
        for key, tensor in mine.items():
            assert_close(found[key], tensor, atol=2e-5 * largest, rtol=1e-4)


def test_the_caller_hears_the_first_process_alone(run: SpreadRun) -> None:
    assert run.lines[0] == "gradients_and_six_steps: 2 processes on cpu"
    assert len([line for line in run.lines if "step 6/6" in line]) == 1
    assert [step for step, _ in run.log.curves["l2"]] == [6]


def test_what_two_processes_began_one_goes_on_with(run: SpreadRun, tmp_path: Path) -> None:
    whole = doubling(12, Workbench(tmp_path, MemoryLog(), lambda _: None))
    bench, lines = run.bench(num_processes=1)
    with pytest.raises(TrainingProcessError, match=r"(?s)process 1 of 2 failed.*goes on from there.*photo 17 is gone"):
        doubling_that_fails(run.bench(num_processes=2)[0])
    left = find_checkpoint(run.checkpoint.folder)
    assert left is not None
    assert verify_checkpoint(left).step == 6
    assert not list(left.folder.glob(".*")), "half a file lies about"
    resumed = doubling_to_the_end(bench)
    assert "resumed at step 6 of 12" in lines[0]
    expected = load_tensors(whole.weights)
    for name, tensor in load_tensors(resumed.weights).items():
        assert_close(tensor, expected[name], atol=1e-6, rtol=1e-5, msg=name)


def test_torchrun_starts_the_same_training(run: SpreadRun, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.ops.spread_examples", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("step 12/12") == 1
    (folder,) = tmp_path.iterdir()
    checkpoint = find_checkpoint(folder)
    assert checkpoint is not None
    assert verify_checkpoint(checkpoint).step == 12


@pytest.mark.parametrize(
    ("device", "message"),
    [("cuda:1", "ALBUMEN_DEVICE=cuda without a number"), ("mps", "on cuda, a GPU each, or on cpu"), ("cuda", "shows")],
)
def test_devices_that_processes_cannot_have_are_refused_first(device: str, message: str, tmp_path: Path) -> None:
    count = 1 + max(1, torch.cuda.device_count())
    with pytest.raises(ValueError, match=message):
        check_devices(device, count)
    with pytest.raises(ValueError, match=message):
        doubling_to_the_end(Workbench(tmp_path, MemoryLog(), lambda _: None, device, num_processes=count))
