"""Places to store things, for the tests of storage and archive: a folder, and a bucket of a real S3 server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.storage.local_s3_server import ServerAddress, find_server_program, local_s3_server
from ops.storage.protocol import StorageUnreachableError

BUCKET = "albumen-tests"


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """One SeaweedFS for all tests of a run; tests keep apart by prefix, because every bucket is costly to it."""
    from ops.storage.s3 import create_bucket

    try:
        find_server_program()
    except StorageUnreachableError as error:
        pytest.skip(str(error))
    with local_s3_server(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patch:
        _lead_to(server, patch)
        create_bucket(BUCKET)
        yield server


@pytest.fixture
def s3_location(s3_server: ServerAddress, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty prefix of the test bucket, with the environment that leads boto3 to it."""
    _lead_to(s3_server, monkeypatch)
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def new_location(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Name -> a new, empty location; every law that takes this holds in a folder and in a bucket."""
    base = str(tmp_path) if request.param == "folder" else request.getfixturevalue("s3_location")
    return lambda name: f"{base}/{name}"


def _lead_to(server: ServerAddress, patch: pytest.MonkeyPatch) -> None:
    own = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    for name, value in (server.environment() | own).items():
        patch.setenv(name, value)
    patch.delenv("AWS_PROFILE", raising=False)
