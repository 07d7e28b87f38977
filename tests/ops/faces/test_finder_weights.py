import zipfile
from pathlib import Path

import pytest

from ops.faces.finder_weights import FaceFinderUnavailableError, read_wheel


def test_a_wheel_with_other_bytes_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("facenet_pytorch/data/pnet.pt", b"something else")
    with pytest.raises(FaceFinderUnavailableError, match="not the tested one"):
        read_wheel(tmp_path / "other.whl")


def test_a_wheel_without_the_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.whl", "w") as archive:
        archive.writestr("nothing", b"")
    with pytest.raises(FaceFinderUnavailableError, match=r"holds no .*pnet\.pt"):
        read_wheel(tmp_path / "empty.whl")
