from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.storage import s3
from ops.storage.local_s3_server import ServerAddress
from ops.storage.locations import open_storage
from ops.storage.protocol import PromiseBrokenError, StorageUnreachableError, WriteOutcome
from ops.storage.s3 import S3Storage
from ops.storage.s3_errors import explain


def split(location: str) -> tuple[str, str]:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return bucket, prefix


@pytest.fixture
def storage(s3_location: str) -> S3Storage:
    return S3Storage(*split(s3_location))


@pytest.mark.s3
def test_a_store_that_ignores_the_condition_is_refused(storage: S3Storage) -> None:
    def forget_condition(request: Any, **_: object) -> None:
        del request.headers["If-None-Match"]

    storage._client.meta.events.register("before-sign.s3.PutObject", forget_condition)
    with pytest.raises(PromiseBrokenError, match="If-None-Match"):
        storage.probe_conditional_writes()


@pytest.mark.s3
def test_a_lost_acknowledgement_is_no_conflict(storage: S3Storage) -> None:
    answers = []

    def lose_first_answer(response: tuple[Any, Any], **_: object) -> float | None:
        answers.append(response[0].status_code)
        return 0.0 if len(answers) == 1 else None  # 0.0: botocore sends the put again at once

    storage._client.meta.events.register_first("needs-retry.s3.PutObject", lose_first_answer)
    assert storage.write_once("photo", b"data") is WriteOutcome.IDENTICAL
    assert answers == [200, 412]


@pytest.mark.s3
def test_a_body_that_breaks_off_is_read_again(storage: S3Storage) -> None:
    storage.write_once("photo", b"x" * 1000)
    broken = []

    def cut_first_body(parsed: dict[str, Any], **_: object) -> None:
        if not broken:
            broken.append(parsed["Body"].read(600))
            parsed["Body"]._amount_read = 0  # 400 bytes are left of the 1000 that were announced

    storage._client.meta.events.register("after-call.s3.GetObject", cut_first_body)
    assert storage.read("photo") == b"x" * 1000
    assert len(broken) == 1


@pytest.mark.s3
def test_a_missing_bucket_is_named(s3_location: str) -> None:
    with pytest.raises(StorageUnreachableError, match=r"'no-such-bucket' at http://127.0.0.1:.* create it"):
        open_storage("s3://no-such-bucket/photos")


@pytest.mark.s3
def test_wrong_credentials_are_named_without_the_secret(
    s3_location: str, s3_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    with pytest.raises(StorageUnreachableError, match="AWS_SECRET_ACCESS_KEY") as caught:
        open_storage(s3_location)
    assert "canary" not in str(caught.value)
    assert s3_server.access_key not in str(caught.value)


@pytest.mark.s3
def test_what_consoles_leave_behind_is_no_photo(storage: S3Storage) -> None:
    bucket, prefix = storage._bucket, storage._prefix
    for key in (prefix, prefix + "box/", prefix + "box/photo"):
        storage._client.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [each.key for each in storage.list()] == ["box/photo"]


def test_a_server_that_is_not_there_is_named_without_long_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = unused.getsockname()[1]
        use_endpoint(f"http://user:canary@127.0.0.1:{port}", monkeypatch)
        started = time.monotonic()
        with pytest.raises(
            StorageUnreachableError, match=f"'photos' at http://127.0.0.1:{port} does not answer"
        ) as caught:
            open_storage("s3://photos/old")
    assert time.monotonic() - started < 30  # the patient client would try for minutes
    assert "canary" not in str(caught.value)


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint("http://127.0.0.1:9", monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StorageUnreachableError, match="no credentials found: set AWS_ACCESS_KEY_ID"):
        open_storage("s3://photos")


def test_an_impossible_bucket_name_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(StorageUnreachableError, match="My Photos"):
        open_storage("s3://My Photos/old")


@pytest.fixture
def throttling_server() -> Iterator[str]:
    class SlowDown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<Error><Code>SlowDown</Code><Message>canary</Message></Error>"
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), SlowDown) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_throttling_is_named(throttling_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint(throttling_server, monkeypatch)
    with pytest.raises(StorageUnreachableError, match="fewer requests") as caught:
        open_storage("s3://photos")
    assert "canary" not in str(caught.value)


def use_endpoint(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[fe80::1]:80", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_no_store_is_refused_before_it_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint(url, monkeypatch)
    with pytest.raises(StorageUnreachableError, match=r"no S3 store|no way to an S3 store"):
        open_storage("s3://photos")


def test_a_wrong_clock_is_said_as_such() -> None:
    error = ClientError({"Error": {"Code": "RequestTimeTooSkewed", "Message": "canary"}}, "PutObject")
    assert "set the clock" in explain(error, "photos", "http://user:canary@127.0.0.1")
    assert "canary" not in explain(error, "photos", "http://user:canary@127.0.0.1")


def test_the_longer_a_storm_lasts_the_slower_a_request_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(s3.time, "sleep", pauses.append)
    monkeypatch.setattr(s3.random, "uniform", lambda low, high: high)
    storm = iter([ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")] * 7)

    def request() -> str:
        for error in storm:
            raise error
        return "taken"

    assert s3._patiently(request) == "taken"
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, s3._LONGEST_PAUSE_S]
