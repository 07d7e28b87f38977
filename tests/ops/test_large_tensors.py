import errno
import tempfile
from pathlib import Path

import pytest
import torch

from ops.large_tensors import zeros


def test_a_tensor_in_a_file_is_a_tensor_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tensor = zeros(1, 3, 5, 7, limit_bytes=0)
    assert tensor.shape == (1, 3, 5, 7)
    assert not tensor.any()
    tensor[..., 2:4, 3] = 0.5
    assert tensor.sum() == 3
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_before_the_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OSError, match=r"No space left on device: 1\.2 GB in .* make room or set TMPDIR"):
        zeros(1, 3, 10_000, 10_000)


def test_a_small_tensor_stays_in_memory() -> None:
    assert torch.equal(zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3))
