"""The servers of `albumen dev`: Dagster's UI and daemon, MLflow's UI, a local S3 server. All on 127.0.0.1."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from pipelines.settings import Settings

CHECKOUT = Path(__file__).resolve().parent.parent


def serve(settings: Settings, say: Callable[[str], None]) -> int:
    """Start everything, print the addresses, wait for Ctrl-C or SIGTERM, stop everything. Returns an exit code."""
    from ops.storage.local_s3_server import local_s3_server

    share_cores()
    prepare_home(settings)
    stopping = _StopSignal()
    with ExitStack() as running:
        server = running.enter_context(local_s3_server(settings.home / "s3", _port_near(8333)))
        os.environ.update(server.environment())
        environment = {**os.environ, **create_dev_buckets(settings)}
        dagster_port, mlflow_port = _port_near(3000), _port_near(5000)
        dagster = running.enter_context(_Child(_dagster(dagster_port), environment, settings.home / "dagster.log"))
        mlflow = running.enter_context(
            _Child(_mlflow(settings, mlflow_port), environment, settings.home / "mlflow.log")
        )
        addresses = {
            "Dagster": (dagster, f"http://127.0.0.1:{dagster_port}"),
            "MLflow": (mlflow, f"http://127.0.0.1:{mlflow_port}"),
        }
        for name, (child, url) in addresses.items():
            if not _answers(url, child, stopping):
                say(f"{name} did not start; its last words are in {child.log}")
                return 0 if stopping.is_set else 1
            say(f"{name:8} {url}")
        say(f"{'S3':8} {server.endpoint_url}  (keys in {settings.home / 's3/identities.json'})")
        say(f"archive  {environment['ALBUMEN_ARCHIVE_SOURCE']} -> {environment['ALBUMEN_ARCHIVE_TARGET']}")
        say("Ctrl-C stops all three.")
        while not stopping.is_set:
            for name, (child, _) in addresses.items():
                if child.process.poll() is not None:
                    say(f"{name} ended with exit code {child.process.returncode}; see {child.log}")
                    return 1
            time.sleep(0.3)
    say("stopped.")
    return 0


def share_cores() -> None:
    """Give each of the two stages that a job trains at a time half of the cores, unless OMP_NUM_THREADS is set."""
    # Two processes with a thread per core each wait for one another at every layer: 15 times slower on two cores.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // 2)))


def prepare_home(settings: Settings) -> None:
    """Create the folders and both databases, one after the other: two processes that create one would collide."""
    from dagster import DagsterInstance

    from ops.tracking import ensure_experiment

    folder = dagster_home(settings)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CHECKOUT / "dagster.yaml", folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["ALBUMEN_HOME"] = str(settings.home)
    (settings.home / "mlflow").mkdir(exist_ok=True)
    ensure_experiment(tracking_uri(settings), settings.home / "mlflow/artifacts")
    with DagsterInstance.get() as instance:
        instance.get_run_records(limit=1)


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME of the installation."""
    return settings.home / "dagster"


def tracking_uri(settings: Settings) -> str:
    """MLflow's database of the installation, unless MLFLOW_TRACKING_URI names a server."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{settings.home / 'mlflow/mlflow.db'}"


def create_dev_buckets(settings: Settings) -> dict[str, str]:
    """Create the buckets ``albumen-originals`` and ``albumen-restored`` and return the settings that lead there.

    What the user has set stays as it is.
    """
    from ops.storage.s3 import create_bucket

    chosen_source = os.environ.get("ALBUMEN_ARCHIVE_SOURCE") or settings.old_photos
    chosen_target = os.environ.get("ALBUMEN_ARCHIVE_TARGET")
    for bucket, chosen in (("albumen-originals", chosen_source), ("albumen-restored", chosen_target)):
        if not chosen:
            create_bucket(bucket)
    return {
        "ALBUMEN_ARCHIVE_SOURCE": chosen_source or "s3://albumen-originals",
        "ALBUMEN_ARCHIVE_TARGET": chosen_target or "s3://albumen-restored",
        "ALBUMEN_SAMPLE_ARCHIVE": "" if chosen_source else "1",
    }


class _StopSignal:
    """Remembers that somebody asked us to stop.

    Setting a handler also undoes an ignored SIGINT, which children started in the background would inherit.
    """

    def __init__(self) -> None:
        self.is_set = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: object) -> None:
        self.is_set = True


class _Child:
    """One server in a process group of its own, ended with the block."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=environment, cwd=CHECKOUT, stdout=output, stderr=output, start_new_session=True
            )

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _dagster(port: int) -> list[str]:
    program = str(Path(sys.executable).parent / "dagster")
    return [program, "dev", "--workspace", str(CHECKOUT / "workspace.yaml"), "--host", "127.0.0.1", "--port", str(port)]


def _mlflow(settings: Settings, port: int) -> list[str]:
    return [
        str(Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", tracking_uri(settings),
        "--default-artifact-root", (settings.home / "mlflow/artifacts").as_uri(),
    ]  # fmt: skip


def _port_near(preferred: int) -> int:
    """The preferred port, or a free one if somebody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str, child: _Child, stopping: _StopSignal, patience_s: int = 120) -> bool:
    """Wait until ``url`` answers; False if the server ended first or we are to stop."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and child.process.poll() is None and not stopping.is_set:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own address on 127.0.0.1
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    return False
