"""A proxy on 127.0.0.1 before a real S3 server, that does to requests what networks and servers do.

It speaks HTTP/1.1, one request a connection, and hands the Host header on, so signatures stay valid.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

# Method and path of a request -> the name of the fault it meets, or "".
Plan: TypeAlias = Callable[[str, str], str]
SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 52\r\nConnection: close\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message/></Error>      "
)
EXPIRED_BODY = b"<Error><Code>ExpiredToken</Code><Message>canary</Message></Error>"
EXPIRED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(EXPIRED_BODY)
_ANSWERS = {"503": SLOW_DOWN, "expired": EXPIRED + EXPIRED_BODY}


@dataclass
class FaultProxy:
    """Its address, and how often each fault happened."""

    port: int
    plan: Plan
    seen: Counter[str] = field(default_factory=Counter)
    is_down: bool = False

    @property
    def url(self) -> str:
        """Where to send requests."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def fault_proxy(endpoint_url: str, plan: Plan) -> Iterator[FaultProxy]:
    """Stand before ``endpoint_url`` while the block runs."""
    upstream = urlsplit(endpoint_url)
    assert upstream.hostname
    assert upstream.port
    target = (upstream.hostname, upstream.port)
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as threads:
        server.settimeout(0.05)
        proxy = FaultProxy(server.getsockname()[1], plan)
        stop = threading.Event()
        acceptor = threading.Thread(target=_accept, args=(server, target, proxy, stop))
        acceptor.start()
        threads.callback(acceptor.join)
        threads.callback(stop.set)
        yield proxy


def _accept(server: socket.socket, target: tuple[str, int], proxy: FaultProxy, stop: threading.Event) -> None:
    workers = []
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            client, _ = server.accept()
            client.settimeout(20)
            workers.append(threading.Thread(target=_serve, args=(client, target, proxy)))
            workers[-1].start()
    for worker in workers:
        worker.join()


def _serve(client: socket.socket, target: tuple[str, int], proxy: FaultProxy) -> None:
    with client, contextlib.suppress(OSError):
        head, body = _read_message(client)
        if not head:
            return
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        fault = "down" if proxy.is_down else proxy.plan(method, path)
        if fault:
            proxy.seen[fault] += 1
        if fault in _ANSWERS:
            client.sendall(_ANSWERS[fault])
        elif fault not in {"down", "reset"}:
            if fault == "slow":
                time.sleep(0.3)
            answer = _forward(target, head, body[: len(body) // 2] if fault == "cut upload" else body, method)
            client.sendall(_spoil(answer, fault))
        if fault in {"down", "reset", "lost answer", "cut upload"}:
            _reset(client)


def _spoil(answer: bytes, fault: str) -> bytes:
    if fault in {"lost answer", "cut upload"}:
        return b""
    if fault == "cut":
        return answer[: -max(1, len(answer.partition(b"\r\n\r\n")[2]) // 2)]
    if fault == "flip":
        return answer[:-9] + bytes([answer[-9] ^ 1]) + answer[-8:]
    return answer


def _forward(target: tuple[str, int], head: bytes, body: bytes, method: str) -> bytes:
    """Send a request on, asking for the connection to be closed, and return the whole answer."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"expect:"))]
    with socket.create_connection(target, timeout=20) as server:
        server.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)
        if len(body) < _length(head):
            return b""
        answer = bytearray()
        while chunk := server.recv(1 << 16):
            answer += chunk
            if method == "HEAD" and b"\r\n\r\n" in answer:
                break
    top, _, rest = bytes(answer).partition(b"\r\n\r\n")
    kept = [line for line in top.split(b"\r\n") if not line.lower().startswith((b"connection:", b"keep-alive:"))]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""]) + rest


def _read_message(client: socket.socket) -> tuple[bytes, bytes]:
    data = bytearray()
    while b"\r\n\r\n" not in data:
        chunk = client.recv(1 << 16)
        if not chunk:
            return b"", b""
        data += chunk
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    if b"100-continue" in head.lower():
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    rest = bytearray(body)
    while len(rest) < _length(head):
        chunk = client.recv(1 << 16)
        if not chunk:
            break
        rest += chunk
    return head, bytes(rest)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
