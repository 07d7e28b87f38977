"""Alerts: taken by who listens, and never a failure of their own."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ops.alerts import send_alert

SECRET = "canary"  # noqa: S105 (it is none)


@contextmanager
def listener(status: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address that answers with ``status``, and what was posted to it."""
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hooks/{SECRET}", heard
        server.shutdown()
        thread.join()


def test_who_listens_gets_the_text() -> None:
    with listener(200) as (url, heard):
        assert send_alert(url, "box-00007 failed") is None
    assert heard == [{"text": "box-00007 failed"}]


def test_a_refused_alert_is_said_without_the_address() -> None:
    with listener(500) as (url, _):
        failure = send_alert(url, "x")
    assert failure is not None
    assert "check ALBUMEN_ALERT_URL" in failure
    assert SECRET not in failure


def test_an_answer_that_breaks_off_fails_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        failure = send_alert(f"http://127.0.0.1:{server.getsockname()[1]}/{SECRET}", "x")
        thread.join()
    assert failure is not None
    assert SECRET not in failure


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "", "http://127.0.0.1:1/x", "http://[broken"])
def test_an_address_that_cannot_be_reached_fails_nothing(url: str) -> None:
    assert "ALBUMEN_ALERT_URL" in (send_alert(url, "x") or "")
