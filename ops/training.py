"""The one training loop: steps, learning-rate decay, moving average, resume, checkpoints, log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from ops.checkpoints import Checkpoint, find_checkpoint, fingerprint, verify_checkpoint, write_checkpoint
from ops.processes import average_gradients, average_terms, meet_at, part_here
from ops.shared_batch_norm import share_batch_norm
from ops.tensor_files import load_tensors, save_tensors
from ops.tracking import PartLog, RunLog

Facts = Mapping[str, object]
"""JSON-able record of what decides a training's result."""

B = TypeVar("B")
B_contra = TypeVar("B_contra", contravariant=True)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast one stage learns.

    Attributes:
        steps: optimiser updates in total.
        steady_steps: updates at the full learning rate; from there it falls linearly to zero at ``steps``.
        batch_size: photos or pairs in one update.
        crop_px: side of the square crops.
        learning_rate: of the trained networks.
        discriminator_rate: of their adversaries.
        betas: of Adam.
        gradient_clip: largest allowed norm of a gradient; a large number switches clipping off.
        ema_decay: of the moving average that is saved as the result; 0 saves the weights of the last step.
        is_bf16: run the networks under bfloat16 autocast.
        seed: decides initial weights, crops, damage and noise.
    """

    steps: int
    steady_steps: int
    batch_size: int
    crop_px: int
    learning_rate: float
    discriminator_rate: float
    betas: tuple[float, float]
    gradient_clip: float
    ema_decay: float
    is_bf16: bool
    seed: int

    def rate_factor(self, step: int) -> float:
        """The learning rate at ``step`` as a share of the full one."""
        if step < self.steady_steps:
            return 1.0
        return max(0.0, (self.steps - step) / max(1, self.steps - self.steady_steps))

    def shortened(self, share: float) -> Schedule:
        """The same course in ``share`` of the steps, at least one."""
        steps = max(1, round(share * self.steps))
        return replace(self, steps=steps, steady_steps=round(share * self.steady_steps))

    def has_passed(self, share: float, step: int) -> bool:
        """Whether at ``step`` at least ``share`` of all steps are done; never at a share of 1."""
        return step >= share * self.steps


class Stage(Protocol[B_contra]):
    """One network in training with its losses: the loop knows nothing else about it."""

    @property
    def trained(self) -> nn.Module:
        """What the stage is trained for; its moving average becomes the checkpoint."""

    @property
    def adversaries(self) -> nn.Module:
        """Networks that only training needs; an empty ``nn.ModuleList`` if there are none."""

    def losses(self, batch: B_contra, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The loss of the trained network on ``batch``, and its terms for the log."""

    def adversary_losses(self) -> Tensor | None:
        """The loss of the adversaries on what ``losses`` just saw; None if there are none or they have not joined."""


@dataclass(frozen=True)
class Workbench:
    """Where a training works: ``root`` of the checkpoints, ``log`` of the numbers, ``report`` of lines, the device.

    ``vgg_weights`` is the user's file of VGG's weights for the perceptual loss, see ``ops/feature_weights.py``;
    ``num_processes`` is in how many processes one training runs, see ``ops/spread_training.py``.
    """

    root: Path
    log: RunLog
    report: Callable[[str], None]
    device: str = "cpu"
    vgg_weights: Path | None = None
    num_processes: int = 1

    def part(self, name: str) -> Workbench:
        """The same bench for one of several trainings that share a log."""
        return replace(self, log=PartLog(self.log, name))

    def show(self, checkpoint: Checkpoint, samples: bytes) -> None:
        """Keep a PNG of what the trained network does, beside its weights and in the log; the first process does."""
        if part_here().number > 0:
            return
        (checkpoint.folder / "samples.png").write_bytes(samples)
        self.log.picture("samples.png", samples)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Build networks in this block with initial weights drawn from ``seed``; other randomness is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def fit(
    name: str,
    stage: Stage[B],
    batches: Callable[[int], B],
    schedule: Schedule,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    """Train ``stage`` to the end of ``schedule``, resuming what an earlier run with the same ``facts`` left.

    Step k sees ``batches(k)`` and randomness seeded by (seed, k), so a resumed training equals an uninterrupted one.
    Of several processes (``ops/spread_training.py``) each sees its part of the batch, and all end a step alike.

    Args:
        name: of the stage, for messages and the checkpoint.
        stage: networks and losses.
        batches: the batch of a step, as a function of the step alone; of several processes, this one's part of it.
        schedule: see ``Schedule``.
        facts: everything that decides the result; recorded in the checkpoint, whose folder is named by them.
        bench: where to work.

    Raises:
        FloatingPointError: the loss is not finite; the message names step and terms.
    """
    folder = bench.root / f"{name}-{fingerprint(facts)}"
    earlier = find_checkpoint(folder)
    meet_at(0 if earlier is None else earlier.step, bench.device)
    if earlier is not None and earlier.step >= schedule.steps:
        bench.report(f"{name}: already trained ({earlier.step} steps); delete {folder} to train it again")
        return verify_checkpoint(earlier)
    bench.log.settings(flattened(facts))
    loop = _Loop.start(stage, schedule, folder, bench.device)
    if loop.step:
        bench.report(f"{name}: resumed at step {loop.step} of {schedule.steps}")
    progress = _Progress(name, loop.step, schedule.steps, bench.report)
    while loop.step < schedule.steps:
        terms = loop.update(stage, batches(loop.step), schedule)
        if not all(math.isfinite(value) for value in terms.values()):
            raise FloatingPointError(
                f"{name}: the loss is not finite at step {loop.step} ({terms}); lower the learning rate; "
                f"the last good checkpoint is in {folder}"
            )
        if loop.step % 25 == 0 or loop.step == schedule.steps:
            loop.history.append({"step": loop.step, **terms})
            bench.log.scalars(loop.step, terms)
        if progress.is_save_due(loop.step, terms):
            loop.save(name, folder, facts)
    loop.save(name, folder, facts)
    meet_at(loop.step, bench.device)
    finished = find_checkpoint(folder)
    assert finished is not None
    return finished


def flattened(facts: Facts, prefix: str = "") -> dict[str, object]:
    """Nested facts as one level of dotted names, such as ``recipe.schedule.steps``."""
    flat: dict[str, object] = {}
    for name, value in facts.items():
        flat |= flattened(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


class _Loop:
    """The state that a resumed training needs: optimisers, moving average, step, and the losses so far."""

    def __init__(self, trained: nn.Module, adversaries: nn.Module, schedule: Schedule, device: str) -> None:
        self.step = 0
        self.history: list[dict[str, float]] = []
        self.device = device
        self.trained = share_batch_norm(trained).to(device)
        self.adversaries = share_batch_norm(adversaries).to(device)
        self.ema = {name: tensor.detach().clone() for name, tensor in self.trained.state_dict().items()}
        self.optimiser = _adam(self.trained, schedule.learning_rate, schedule)
        has_adversaries = any(True for _ in self.adversaries.parameters())
        self.adversary_optimiser = (
            _adam(self.adversaries, schedule.discriminator_rate, schedule) if has_adversaries else None
        )

    @classmethod
    def start(cls, stage: Stage[B], schedule: Schedule, folder: Path, device: str) -> _Loop:
        """A new loop, or the one that ``folder`` holds."""
        loop = cls(stage.trained, stage.adversaries, schedule, device)
        if (folder / "training.safetensors").is_file():
            loop._load(load_tensors(folder / "training.safetensors", device=device))
            earlier = find_checkpoint(folder)
            loop.history = [] if earlier is None else [row for row in earlier.history if row["step"] <= loop.step]
        return loop

    def update(self, stage: Stage[B], batch: B, schedule: Schedule) -> dict[str, float]:
        """One optimiser update of the networks and of their adversaries."""
        generator = torch.Generator(device=self.device).manual_seed((schedule.seed << 32) + self.step)
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=schedule.is_bf16):
            loss, terms = stage.losses(batch, generator)
        factor = schedule.rate_factor(self.step)
        _descend(self.optimiser, loss, self.trained, schedule.learning_rate * factor, schedule.gradient_clip)
        if self.adversary_optimiser is not None:
            with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=schedule.is_bf16):
                adversary_loss = stage.adversary_losses()
            if adversary_loss is not None:
                rate = schedule.discriminator_rate * factor
                _descend(self.adversary_optimiser, adversary_loss, self.adversaries, rate, schedule.gradient_clip)
                terms = terms | {"discriminator": float(adversary_loss.detach())}
        self._average(schedule.ema_decay)
        self.step += 1
        return average_terms(terms, self.device)

    def save(self, name: str, folder: Path, facts: Mapping[str, object]) -> None:
        """Write the state for a resume, then the moving average as the result so far; the first process does."""
        if part_here().number > 0:
            return
        save_tensors(folder / "training.safetensors", self._state())
        save_tensors(folder / "weights.safetensors", self.ema)
        write_checkpoint(folder, name, self.step, facts, self.history)

    def _average(self, decay: float) -> None:
        """Moving average of the weights with warm-up; whole numbers (counters of batches) are copied."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        for name, tensor in self.trained.state_dict().items():
            if tensor.is_floating_point():
                self.ema[name].lerp_(tensor.detach(), 1 - decay)
            else:
                self.ema[name].copy_(tensor)

    def _state(self) -> dict[str, Tensor]:
        """Everything a resume needs, as flat tensors."""
        state = {"step": torch.tensor(self.step)}
        state |= {f"ema.{name}": tensor for name, tensor in self.ema.items()}
        for group, network, optimiser in self._groups():
            state |= {f"{group}.{name}": tensor for name, tensor in network.state_dict().items()}
            for index, moments in optimiser.state_dict()["state"].items():
                state |= {f"{group}_adam.{index}.{name}": torch.as_tensor(value) for name, value in moments.items()}
        return state

    def _load(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``_state`` wrote."""
        self.step = int(state["step"])
        self.ema = _under("ema.", state)
        for group, network, optimiser in self._groups():
            network.load_state_dict(_under(f"{group}.", state))
            parameters = list(network.parameters())
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in _under(f"{group}_adam.", state).items():
                index, name = key.split(".")
                moments.setdefault(int(index), {})[name] = _laid_out_as(parameters[int(index)], value)
            optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})

    def _groups(self) -> list[tuple[str, nn.Module, torch.optim.Optimizer]]:
        groups: list[tuple[str, nn.Module, torch.optim.Optimizer]] = [("trained", self.trained, self.optimiser)]
        if self.adversary_optimiser is not None:
            groups.append(("adversaries", self.adversaries, self.adversary_optimiser))
        return groups


class _Progress:
    """Reports the pace every ten seconds and says when a checkpoint is due (each minute)."""

    def __init__(self, name: str, step: int, steps: int, report: Callable[[str], None]) -> None:
        self.name, self.steps, self.report = name, steps, report
        self.first_step = step
        self.started = self.reported = self.saved = time.monotonic()

    def is_save_due(self, step: int, terms: Mapping[str, float]) -> bool:
        """Report if it is time to, and answer whether to save."""
        now = time.monotonic()
        if now - self.reported >= 10 or step == self.steps:
            self.reported = now
            pace = (step - self.first_step) / (now - self.started)
            shown = "  ".join(f"{name} {value:.4f}" for name, value in terms.items())
            left = f"{(self.steps - step) / pace:.0f} s left" if step < self.steps else "done"
            self.report(f"{self.name}: step {step}/{self.steps}  {shown}  {pace:.1f} steps/s  {left}")
        if now - self.saved < 60:
            return False
        self.saved = now
        return True


def _adam(network: nn.Module, rate: float, schedule: Schedule) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=schedule.betas, fused=True)


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor, network: nn.Module, rate: float, clip: float) -> None:
    """One step down the gradient of ``loss``, averaged over all processes, at learning rate ``rate``."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    average_gradients(network)
    nn.utils.clip_grad_norm_(network.parameters(), clip)
    optimiser.step()


def _laid_out_as(parameter: Tensor, moment: Tensor) -> Tensor:
    """``moment`` in the memory order of ``parameter``: fused Adam walks both as they lie, files know one order only."""
    return torch.empty_like(parameter).copy_(moment) if moment.shape == parameter.shape else moment


def _under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names start with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
