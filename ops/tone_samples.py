"""What a tone reader learns from: of each pair its reading, and what its clean photo has at every level.

A curve moves all pixels of one level alike, so the error of any curve follows from these few numbers alone: with
n_k the share of the pixels at level x_k, m_k the mean of the clean photo there and v what differs within a level,
    mean (f(x) - y)^2 = sum_k n_k (f(x_k) - m_k)^2 + v.
So a pair is damaged once and looked at a thousand times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.tone import ToneCurves, ToneReader, ToneReading, level_counts
from ops.pairs.sources import PairBatch, PairSource
from ops.processes import uniform_rows

_AT_ONCE = 64


@dataclass(frozen=True)
class ToneSamples:
    """Pairs as a tone reader learns from them.

    Attributes:
        reading: what it sees of the degraded photos.
        shares: n_k, (N, 3, bins), of the pixels that really are intact.
        clean: m_k, (N, 3, bins) in [0, 1].
        spread: v, (N,), the mean of the channels.
    """

    reading: ToneReading
    shares: Tensor
    clean: Tensor
    spread: Tensor

    def __len__(self) -> int:
        return len(self.spread)

    def __getitem__(self, chosen: Tensor) -> ToneSamples:
        """The samples with the numbers ``chosen``."""
        reading = self.reading
        read = ToneReading(reading.histograms[chosen], reading.thumbnail[chosen], reading.is_grey[chosen])
        return ToneSamples(read, self.shares[chosen], self.clean[chosen], self.spread[chosen])

    def to(self, device: str) -> ToneSamples:
        """The same samples on ``device``."""
        tensors = (self.reading.histograms, self.reading.thumbnail, self.reading.is_grey)
        reading = ToneReading(*(one.to(device) for one in tensors))
        return ToneSamples(reading, *(one.to(device) for one in (self.shares, self.clean, self.spread)))

    def errors(self, curves: ToneCurves | None = None) -> Tensor:
        """Mean square error (N,) of each degraded photo over its intact pixels, by ``curves`` or as it is."""
        bins = self.shares.shape[-1]
        levels = ((torch.arange(bins, device=self.shares.device) + 0.5) / bins).expand(len(self), 3, 1, bins)
        seen = levels if curves is None else curves(levels)
        return (self.shares * (seen[..., 0, :] - self.clean).square()).sum(-1).mean(1) + self.spread


def measure(pairs: PairBatch, reader: ToneReader, mask_dropout: float, generator: torch.Generator) -> ToneSamples:
    """The samples of ``pairs``; of ``mask_dropout`` of them ``reader`` is not told where the damage is."""
    bins, is_intact = reader.config.bins, pairs.mask <= 0
    is_told = uniform_rows(pairs.mask[..., :1, :1], generator) >= mask_dropout  # (N, 1, 1, 1)
    counts = level_counts(pairs.degraded, is_intact, bins)
    num_intact = counts.sum(-1).clamp_min(1)  # (N, 3)
    clean = level_counts(pairs.degraded, is_intact, bins, pairs.clean) / counts.clamp_min(1)
    squares = (pairs.clean.square() * is_intact).flatten(2).sum(-1) / num_intact
    spread = (squares - (counts * clean.square()).sum(-1) / num_intact).clamp_min(0).mean(1)
    return ToneSamples(reader.read(pairs.degraded, pairs.mask * is_told), counts / num_intact[..., None], clean, spread)


def gather(
    windows: PairSource,
    reader: ToneReader,
    count: int,
    crop_px: int,
    mask_dropout: float,
    report: Callable[[str], None],
) -> ToneSamples:
    """The samples of ``count`` pairs of ``windows``, a whole number of 64; the same ones each time."""
    parts, reported = [], time.monotonic()
    for step in range(-(-count // _AT_ONCE)):
        generator = torch.Generator().manual_seed(step)
        parts.append(measure(windows.batch(step, _AT_ONCE, crop_px).to("cpu"), reader, mask_dropout, generator))
        if time.monotonic() - reported >= 10:
            reported = time.monotonic()
            report(f"tone samples: {(step + 1) * _AT_ONCE} of {count}")
    readings = [part.reading for part in parts]
    reading = ToneReading(
        torch.cat([one.histograms for one in readings]),
        torch.cat([one.thumbnail for one in readings]),
        torch.cat([one.is_grey for one in readings]),
    )
    shares, clean, spread = (
        torch.cat([getattr(part, name) for part in parts]) for name in ("shares", "clean", "spread")
    )
    return ToneSamples(reading, shares, clean, spread)
