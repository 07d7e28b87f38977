"""Originals are read with credentials that can do nothing else, on a server that enforces it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_samples import GOOD, Negative, fill, run

from ops.storage.local_s3_server import find_server_program, local_s3_server
from ops.storage.locations import open_storage
from ops.storage.protocol import StorageUnreachableError

pytestmark = pytest.mark.s3
READER = {"accessKey": "reader0000", "secretKey": "readers-own-secret-0000"}
WRITER = {"accessKey": "writer0000", "secretKey": "writers-own-secret-0000"}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that knows a writer (the environment's) and a reader (the profile's)."""
    from ops.storage.s3 import create_bucket

    try:
        find_server_program()
    except StorageUnreachableError as error:
        pytest.skip(str(error))
    identities = [
        {"name": "writer", "credentials": [WRITER], "actions": ["Admin", "Read", "List", "Write"]},
        {"name": "reader", "credentials": [READER], "actions": ["Read", "List"]},
    ]
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "identities.json").write_text(json.dumps({"identities": identities}))
    (tmp_path / "credentials").write_text(
        f"[reader]\naws_access_key_id = {READER['accessKey']}\naws_secret_access_key = {READER['secretKey']}\n"
    )
    with local_s3_server(folder) as address:
        files = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
        for name, value in (address.environment() | files).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        create_bucket("archive")
        yield


@pytest.mark.usefixtures("server")
def test_a_collection_is_restored_by_credentials_that_can_only_read_it() -> None:
    fill(open_storage("s3://archive/originals"))
    source, target = open_storage("s3://archive/originals", "reader"), open_storage("s3://archive/results")
    before = {each.key: (each.etag, source.read(each.key)) for each in source.list()}
    assert run(source, target, Negative()).num_restored == len(GOOD)
    for attempt in (source.write_once, source.write_replace):
        with pytest.raises(StorageUnreachableError, match="AccessDenied"):
            attempt(GOOD[0], b"overwritten")
    assert {each.key: (each.etag, source.read(each.key)) for each in source.list()} == before


@pytest.mark.usefixtures("server")
def test_a_target_that_may_only_be_read_stops_the_run_before_any_photo() -> None:
    fill(open_storage("s3://archive/originals"))
    source, target = open_storage("s3://archive/originals"), open_storage("s3://archive/results", "reader")
    restore = Negative()
    with pytest.raises(StorageUnreachableError, match=r"s3:PutObject .AccessDenied.") as caught:
        run(source, target, restore)
    assert restore.seen == []
    assert READER["secretKey"] not in str(caught.value)


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    with pytest.raises(StorageUnreachableError, match="no AWS profile 'reader'"):
        open_storage("s3://archive/originals", "reader")
