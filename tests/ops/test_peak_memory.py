"""Memory that a call took is seen even after it was given back."""

import math

from ops.peak_memory import PeakMemory


def test_a_hundred_megabytes_are_seen_after_they_are_gone() -> None:
    with PeakMemory() as memory:
        block = bytearray(b"x") * 100_000_000
        del block
    assert math.isnan(memory.mb) or 90 < memory.mb < 150
