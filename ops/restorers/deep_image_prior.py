"""Restoration by fitting an untrained network to one degraded photo, and stopping in time.

Ulyanov, Vedaldi, Lempitsky, "Deep Image Prior", CVPR 2018. The net learns the photo before it learns the noise; what
it has not yet learnt is the restoration. When to stop is decided without the clean photo: after a fixed number of
steps, or where the output varies least (Wang et al., "Early Stopping for Deep Image Prior", TMLR 2023).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from models.baselines.deep_image_prior import DeepImagePriorConfig, SkipNetwork

VARIANCE_SAMPLES = 128  # sides of the grid of pixels on which the variance of the outputs is watched


@dataclass(frozen=True)
class VarianceStop:
    """Stop where the variance of the last ``window`` outputs had its minimum.

    The search ends once the minimum has stood for ``patience`` steps. It must outlast the standstill in the first
    hundreds of steps: the authors' 100 and 1000 do; with a patience of 200, one photo of four was given up on while
    still a blur (16 dB against 29 after a fixed 1500 steps), so short runs are better off with a fixed count.
    """

    window: int
    patience: int


@dataclass(frozen=True)
class FittingConfig:
    """How one photo is fitted; the authors' denoising values are 3000 steps, 0.01, 1/30, 0.99."""

    steps: int  # at most; exactly, when `stop` is None
    learning_rate: float  # Adam
    perturbation: float  # standard deviation of the noise added to the input noise at every step
    average_decay: float  # of the running average of outputs, which is the result
    stop: VarianceStop | None
    use_bfloat16: bool  # convolutions only: 1.5 to 3 times faster where the processor has it


@dataclass(frozen=True)
class FittingStep:
    """Where the fitting stands after ``step`` updates (from 1 on): pictures are (1, 3, H, W) in [0, 1], detached."""

    step: int
    loss: float
    output: Tensor
    average: Tensor


@dataclass(frozen=True)
class DeepImagePrior:
    """The restorer: fits a fresh net to every photo, always from the same seed."""

    network: DeepImagePriorConfig
    fitting: FittingConfig
    seed: int

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore (1, 3, H, W) in [0, 1] on its device; damaged pixels are not fitted, so the net invents them.

        Raises:
            ValueError: as ``fit``.
            FloatingPointError: the loss stopped being finite.
        """
        generator = torch.Generator().manual_seed(self.seed)
        steps = fit(degraded, mask, self.network, self.fitting, generator)
        stop = self.fitting.stop
        return _last(steps) if stop is None else _steadiest(steps, stop)


def fit(
    degraded: Tensor,
    mask: Tensor | None,
    network: DeepImagePriorConfig,
    fitting: FittingConfig,
    generator: torch.Generator,
) -> Iterator[FittingStep]:
    """Fit a fresh net f to a photo y, one Adam step at a time.

    With input noise z ~ U(0, 0.1), mask m (1 = damaged) and e ~ N(0, perturbation^2) anew at every step:
        loss = sum (1 - m) (f(z + e) - y)^2 / sum (1 - m)
    The noise is laid out on the next larger size the net accepts and the surplus of its output cut off, so no pixel
    beyond the photo's edge is ever made up to be fitted.

    Args:
        degraded: y, (1, 3, H, W) in [0, 1].
        mask: (1, 1, H, W) in [0, 1], or None when nothing is damaged.
        network: the net's shape.
        fitting: step count and rates; the stopping rule is the caller's affair.
        generator: on the CPU, the only source of randomness: weights, z, e.

    Yields:
        The state after every step.

    Raises:
        ValueError: more than one photo, a mask of another size, or a mask that leaves nothing to fit.
        FloatingPointError: the loss stopped being finite.
    """
    weight = _fitting_weight(degraded, mask)
    device, (height, width) = degraded.device, degraded.shape[-2:]
    net = SkipNetwork(network)
    net.initialise(generator)
    net.to(device)
    frame = [max(2, -(-side // network.stride_px)) * network.stride_px for side in (height, width)]
    noise = 0.1 * torch.rand(1, network.noise_channels, *frame, generator=generator).to(device)
    optimiser = torch.optim.Adam(net.parameters(), lr=fitting.learning_rate)
    average = None
    for step in range(1, fitting.steps + 1):
        shake = fitting.perturbation * torch.randn(noise.shape, generator=generator).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=fitting.use_bfloat16):
            output = net((noise + shake).contiguous(memory_format=torch.channels_last))[..., :height, :width]
        loss = (weight * (output - degraded).square()).sum()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the fit broke at step {step}: loss {loss.item()}; lower the learning rate")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        output = output.detach().contiguous()
        average = output if average is None else torch.lerp(output, average, fitting.average_decay)
        yield FittingStep(step, loss.item(), output, average)


def _fitting_weight(degraded: Tensor, mask: Tensor | None) -> Tensor:
    """Weights (1, 1 or 3, H, W) that turn a sum of squares into the mean over intact samples."""
    if degraded.ndim != 4 or degraded.shape[:2] != (1, 3):
        raise ValueError(f"one photo (1, 3, H, W) is fitted at a time, got {tuple(degraded.shape)}")
    intact = torch.ones_like(degraded[:, :1]) if mask is None else 1 - mask.to(degraded)
    if intact.shape[-2:] != degraded.shape[-2:]:
        raise ValueError(f"the mask is {tuple(intact.shape)} but the photo {tuple(degraded.shape)}; sizes must agree")
    if intact.sum() < 1:
        raise ValueError("the mask calls the whole photo damaged; nothing is left to fit")
    return intact / (3 * intact.sum())


def _last(steps: Iterator[FittingStep]) -> Tensor:
    return deque(steps, maxlen=1)[0].average


def _steadiest(steps: Iterator[FittingStep], stop: VarianceStop) -> Tensor:
    """Return the average at the step where sum_w |x_{t-w} - mean|^2 over the window was least."""
    recent: deque[Tensor] = deque(maxlen=stop.window)
    least, since, steadiest = float("inf"), 0, None
    for state in steps:
        thin = [max(1, side // VARIANCE_SAMPLES) for side in state.output.shape[-2:]]
        recent.append(state.output[..., :: thin[0], :: thin[1]].flatten())
        variance = float(torch.stack(tuple(recent)).var(dim=0).sum()) if len(recent) == stop.window else float("inf")
        if steadiest is None or variance < least:
            least, since, steadiest = variance, 0, state.average
        elif variance < float("inf"):
            since += 1
        else:
            steadiest = state.average  # the window is not full yet: a short run ends like a fixed one
        if since >= stop.patience:
            break
    assert steadiest is not None
    return steadiest
