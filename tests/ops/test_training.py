from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.testing import assert_close

from ops.tracking import MemoryLog
from ops.training import Schedule, Workbench, fit, flattened


class DoublingStage:
    """Learns y = 2 x; its adversary learns y = 3 x, only so that there is one."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.trained: nn.Module = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
        self.adversaries: nn.Module = nn.ModuleList([nn.Linear(1, 1)])
        self.batch = torch.zeros(0)

    def losses(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        self.batch = batch
        noise = 0.01 * torch.randn(batch.shape, generator=generator)
        loss = (self.trained(batch) - 2 * batch + noise).square().mean()
        return loss, {"l2": float(loss.detach())}

    def adversary_losses(self) -> Tensor:
        return (self.adversaries[0](self.batch) - 3 * self.batch).square().mean()  # type: ignore[index]


def batches(step: int) -> Tensor:
    return torch.randn(64, 1, generator=torch.Generator().manual_seed(step))


def schedule(steps: int, total: int = 60) -> Schedule:
    return Schedule(
        steps=steps,
        steady_steps=total // 2,
        batch_size=8,
        crop_px=8,
        learning_rate=0.05,
        discriminator_rate=0.05,
        betas=(0.9, 0.99),
        gradient_clip=1.0,
        ema_decay=0.9,
        is_bf16=False,
        seed=7,
    )


def bench(folder: Path) -> tuple[Workbench, list[str]]:
    lines: list[str] = []
    return Workbench(folder, MemoryLog(), lines.append), lines


def test_the_loss_falls(tmp_path: Path) -> None:
    checkpoint = fit("doubling", DoublingStage(), batches, schedule(60), {}, bench(tmp_path)[0])
    _, untrained = DoublingStage().losses(batches(0), torch.Generator())
    assert checkpoint.history[-1]["l2"] < 0.1 * untrained["l2"]


class KilledError(Exception):
    pass


def test_a_killed_training_resumes_elsewhere_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit("doubling", DoublingStage(), batches, schedule(60), {}, bench(tmp_path / "whole")[0])
    monkeypatch.setattr("ops.training._Progress.is_save_due", lambda self, step, terms: step == 20)

    def dies_at_30(step: int) -> Tensor:
        if step == 30:
            raise KilledError
        return batches(step)

    with pytest.raises(KilledError):
        fit("doubling", DoublingStage(), dies_at_30, schedule(60), {}, bench(tmp_path / "cut")[0])
    (tmp_path / "cut").rename(tmp_path / "moved")  # as to another machine
    second, lines = bench(tmp_path / "moved")
    resumed = fit("doubling", DoublingStage(), batches, schedule(60), {}, second)
    assert "resumed at step 20" in lines[0]
    expected = load_file(whole.weights)
    for name, tensor in load_file(resumed.weights).items():
        assert_close(tensor, expected[name], atol=0, rtol=0, msg=name)


def test_a_finished_training_is_not_repeated(tmp_path: Path) -> None:
    first = fit("doubling", DoublingStage(), batches, schedule(5), {}, bench(tmp_path)[0])
    again, lines = bench(tmp_path)
    assert fit("doubling", DoublingStage(), batches, schedule(5), {}, again).sha256 == first.sha256
    assert "already trained" in lines[0]


def test_other_facts_are_another_training(tmp_path: Path) -> None:
    folders = {
        fit("doubling", DoublingStage(), batches, schedule(2), {"data": d}, bench(tmp_path)[0]).folder for d in "ab"
    }
    assert len(folders) == 2


def test_weights_that_were_swapped_are_noticed(tmp_path: Path) -> None:
    checkpoint = fit("doubling", DoublingStage(), batches, schedule(2), {}, bench(tmp_path)[0])
    checkpoint.weights.write_bytes(checkpoint.weights.read_bytes() + b"x")
    with pytest.raises(ValueError, match="damaged or swapped"):
        fit("doubling", DoublingStage(), batches, schedule(2), {}, bench(tmp_path)[0])


def test_a_loss_that_is_not_finite_stops_the_training_by_name(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match="doubling: the loss is not finite at step 1"):
        fit(
            "doubling", DoublingStage(), lambda step: torch.full((8, 1), torch.inf), schedule(5), {}, bench(tmp_path)[0]
        )


def test_the_rate_stays_then_falls_to_zero() -> None:
    rates = [schedule(60).rate_factor(step) for step in (0, 29, 45, 60)]
    assert rates == [1.0, 1.0, 0.5, 0.0]


def test_nested_facts_become_dotted_names() -> None:
    assert flattened({"a": {"b": {"c": 1}, "d": 2}, "e": [3]}) == {"a.b.c": 1, "a.d": 2, "e": [3]}


def test_an_adversary_that_joins_late_is_resumed_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class LateStage(DoublingStage):
        def adversary_losses(self) -> Tensor | None:  # type: ignore[override]
            return super().adversary_losses() if float(self.batch[0]) > 0 else None

    whole = fit("late", LateStage(), batches, schedule(30), {}, bench(tmp_path / "whole")[0])
    monkeypatch.setattr("ops.training._Progress.is_save_due", lambda self, step, terms: step == 10)

    def dies_at_12(step: int) -> Tensor:
        if step == 12:
            raise KilledError
        return batches(step)

    with pytest.raises(KilledError):
        fit("late", LateStage(), dies_at_12, schedule(30), {}, bench(tmp_path / "cut")[0])
    assert fit("late", LateStage(), batches, schedule(30), {}, bench(tmp_path / "cut")[0]).sha256 == whole.sha256


class BlurringStage:
    """Learns a convolution whose weights lie channels last, as those of networks that run in bfloat16 do."""

    def __init__(self) -> None:
        torch.manual_seed(4)
        self.trained: nn.Module = nn.Conv2d(4, 4, 3)
        self.trained.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.adversaries: nn.Module = nn.ModuleList()

    def losses(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        photo = torch.randn(2, 4, 5, 5, generator=generator)
        loss = (self.trained(photo) - photo[..., 1:-1, 1:-1]).square().mean()
        return loss, {"l2": float(loss.detach())}

    def adversary_losses(self) -> None:
        return None


def test_weights_that_lie_channels_last_resume_with_their_own_moments(tmp_path: Path) -> None:
    whole = fit("blurring", BlurringStage(), batches, schedule(6), {}, bench(tmp_path / "whole")[0])
    half = replace(schedule(6), steps=3)
    fit("blurring", BlurringStage(), batches, half, {}, bench(tmp_path / "cut")[0])
    assert fit("blurring", BlurringStage(), batches, schedule(6), {}, bench(tmp_path / "cut")[0]).sha256 == whole.sha256
