"""How much memory one call took at its worst, as Linux counted it."""

from __future__ import annotations

import math
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


class PeakMemory:
    """Measures a ``with`` block: ``mb`` is how far resident memory rose above its start, in millions of bytes.

    Memory that an earlier call left to this process is used again and not counted, so the largest of several calls
    says most. NaN where the kernel does not tell.
    """

    def __init__(self) -> None:
        self.mb = math.nan
        self._before = 0

    def __enter__(self) -> PeakMemory:
        try:
            _RESET.write_text("5")  # the peak becomes what is held now
            self._before = _peak_bytes()
        except OSError:
            self._before = 0
        return self

    def __exit__(self, *stopped: object) -> None:
        if self._before:
            self.mb = (_peak_bytes() - self._before) / 1e6


def _peak_bytes() -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
