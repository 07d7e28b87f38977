"""Restores a collection and waits at photo NUMBER until a test kills it; 0: never.

Arguments: SOURCE TARGET COUNT_FILE NUMBER.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from archive_samples import Negative, run
from torch import Tensor

from ops.restoration import Restoration
from ops.storage.locations import open_storage

source, target, count_file, number = sys.argv[1:]


def restore(old: Tensor) -> Restoration:
    """Count, and stop at that photo."""
    with Path(count_file).open("a") as file:
        file.write("one more\n")
    if len(Path(count_file).read_text().splitlines()) == int(number):
        time.sleep(600)
    return Negative()(old)


run(open_storage(source), open_storage(target), restore)
