"""Memory that a call took is seen even after it was given back."""

import math
import mmap

from ops.peak_memory import PeakMemory


def test_a_hundred_megabytes_are_seen_after_they_are_gone() -> None:
    with PeakMemory() as memory:
        block = mmap.mmap(-1, 100_000_000)  # new pages, also where earlier tests left free ones to the heap
        for start in range(0, len(block), mmap.PAGESIZE):
            block[start] = 1
        block.close()
    assert math.isnan(memory.mb) or 90 < memory.mb < 150
