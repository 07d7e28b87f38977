"""The review page over a real queue, asked by a real client."""

import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import uvicorn
from torch import Tensor

from ops.archive.craft import Craft
from ops.archive.decisions import read_decisions
from ops.archive.manifest import ShardLimits, take_snapshot
from ops.archive.provenance import ReleaseIdentity
from ops.archive.review_queue import open_queue
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import ShardReport, restore_shard
from ops.archive.streaming import Pace
from ops.decoding import decode_here
from ops.images import decode_rgb, encode_png
from ops.restoration import Restoration
from ops.storage.folder import FolderStorage
from pipelines.review_page import review_app

RELEASE = ReleaseIdentity("albumen", "3", "ab" * 32)
HOSTILE = "<script>alert(1)</script>.png"


def negative(old: Tensor) -> Restoration:
    return Restoration(1 - old, torch.ones_like(old[:, :1]), {"mean_change": 0.9})


@pytest.fixture
def report(tmp_path: Path) -> ShardReport:
    source, target = FolderStorage(tmp_path / "originals"), FolderStorage(tmp_path / "results")
    for number, key in enumerate((HOSTILE.replace("/", "_"), "b.png")):
        source.write_once(key, encode_png(torch.full((1, 3, 1500, 20), number / 4)))
    shard = take_snapshot(source, target, "attic", ShardLimits(9, 10**9, 10**9)).shard("attic-00000")
    craft = Craft(negative, RELEASE, "standard", decode_here, ReviewRules(), {})
    return restore_shard(shard, source, target, craft, Pace(2, 10**6))


@pytest.fixture
def port(report: ShardReport, tmp_path: Path) -> Iterator[int]:
    source, target = FolderStorage(tmp_path / "originals"), FolderStorage(tmp_path / "results")
    app = review_app(lambda: open_queue(source, target, "attic", RELEASE, decode_here))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def ask(
    port: int, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    result = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return result


def first_photo(port: int) -> str:
    page = ask(port, "GET", "/")[2].decode()
    return page.partition('"/photo/')[2].partition("/")[0]


def test_the_page_shows_what_waits_and_runs_nothing_of_it(port: int) -> None:
    status, headers, page = ask(port, "GET", "/")
    assert status == 200
    assert b"2 results wait" in page
    assert b"large-change" in page
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("kind", ["before", "mask", "after"])
def test_pictures_are_small_new_jpegs(port: int, kind: str) -> None:
    status, headers, data = ask(port, "GET", f"/photo/{first_photo(port)}/1/{kind}.jpg")
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert max(decode_rgb(data).shape[-2:]) <= 1400


@pytest.mark.parametrize(
    "path", ["/photo/0/1/before.jpg", "/photo/0/2/before.jpg", "/photo/../../etc/passwd", "/etc/passwd", "/docs"]
)
def test_what_does_not_wait_is_not_there(port: int, path: str) -> None:
    assert ask(port, "GET", path)[0] == 404


def test_a_verdict_is_written_and_the_photo_waits_no_longer(port: int, report: ShardReport, tmp_path: Path) -> None:
    photo = first_photo(port)
    origin = f"http://127.0.0.1:{port}"
    status, headers, _ = ask(port, "POST", f"/photo/{photo}/decision", "verdict=accepted&note=a+scar", Origin=origin)
    assert (status, headers["location"]) == (303, "/")
    target = FolderStorage(tmp_path / "results")
    (decision,) = read_decisions(target, RELEASE, report.rows).values()
    assert (decision.verdict, decision.note) == ("accepted", "a scar")
    assert len(list(target.list("restored/"))) == 1
    assert b"1 results wait" in ask(port, "GET", "/")[2]


def test_other_sites_cannot_decide_or_ask_under_another_name(port: int) -> None:
    path = f"/photo/{first_photo(port)}/decision"
    assert ask(port, "POST", path, "verdict=accepted")[0] == 403
    assert ask(port, "POST", path, "verdict=accepted", Origin="http://evil.example")[0] == 403
    assert ask(port, "GET", "/", Host="evil.example")[0] == 400


def test_a_decision_that_is_none_is_refused(port: int) -> None:
    path, origin = f"/photo/{first_photo(port)}/decision", f"http://127.0.0.1:{port}"
    assert ask(port, "POST", path, "verdict=maybe", Origin=origin)[0] == 400
    assert ask(port, "POST", path, "note=" + "x" * 20_000, Origin=origin)[0] == 413
