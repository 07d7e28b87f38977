"""Restores a collection so slowly that a test can kill it. Arguments: SOURCE TARGET COUNT_FILE."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from archive_samples import Negative, run
from torch import Tensor

from ops.restoration import Restoration
from ops.storage.locations import open_storage

source, target, count_file = sys.argv[1:]


def restore(old: Tensor) -> Restoration:
    """Count, then take longer than the test needs to notice."""
    with Path(count_file).open("a") as file:
        file.write("one more\n")
    time.sleep(0.15)
    return Negative()(old)


run(open_storage(source), open_storage(target), restore)
