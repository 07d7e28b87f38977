from __future__ import annotations

from collections.abc import Callable

import pytest
from archive_samples import fill

from ops.storage.locations import open_storage
from ops.storage.protocol import Storage


@pytest.fixture
def source(new_location: Callable[[str], str]) -> Storage:
    """The sample collection."""
    storage = open_storage(new_location("originals"))
    fill(storage)
    return storage


@pytest.fixture
def target(new_location: Callable[[str], str]) -> Storage:
    """An empty place for results."""
    return open_storage(new_location("results"))
