"""`albumen dev` as a person starts and stops it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pipelines.local_servers import share_cores

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def test_stages_share_the_cores_unless_the_user_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    share_cores()
    assert os.environ["OMP_NUM_THREADS"] == "3"
    monkeypatch.delenv("OMP_NUM_THREADS")
    share_cores()
    assert os.environ["OMP_NUM_THREADS"] == "4"


@pytest.mark.s3
def test_dev_prints_three_addresses_that_answer_and_stops_cleanly(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "ALBUMEN_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-W", "ignore", "-c", "from pipelines.command_line import main; main(['dev'])"]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines: list[str] = []
        for line in server.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        addresses = re.findall(r"(Dagster|MLflow|S3) +(http://127\.0\.0\.1:\d+)", "".join(lines))
        assert [name for name, _ in addresses] == ["Dagster", "MLflow", "S3"], lines
        for _, url in addresses[:2]:
            with urllib.request.urlopen(url, timeout=20) as answer:
                assert answer.status == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0
        for _, url in addresses:
            with pytest.raises(OSError, match="refused"):
                urllib.request.urlopen(url, timeout=2)
