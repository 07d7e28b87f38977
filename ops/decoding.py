"""Decoding in child processes: a hostile file can cost one child, its memory limit and its seconds, never the run.

A child gets no credentials, cannot write files, and is replaced when it dies or is killed; the photo it died of is
refused by name. What it answers is checked like any stranger's word.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from ops.image_formats.decode_child import AS_IT_IS, IN_SRGB, LENGTH_BYTES
from ops.image_formats.raster import MAX_PAGES, DecodeLimits, Metadata, PhotoError
from ops.image_formats.reading import UprightRaster
from ops.images import Photo, decode_pages, photo_of

_CHECKOUT = Path(__file__).resolve().parent.parent
_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")
_MAX_HEADER_BYTES = MAX_PAGES << 10  # a kilobyte a page
_CONTAINERS = {"JPEG", "PNG", "TIFF", "JP2", "WEBP"}

Reserve: TypeAlias = Callable[[int], None]


class Decode(Protocol):
    """How strangers' files become photos."""

    def __call__(self, data: bytes, reserve: Reserve, *, in_srgb: bool = False) -> tuple[Photo, ...]:
        """Decode all pages of a file, one or more.

        Args:
            data: the whole file.
            reserve: is told the number of pixels before they are held in memory.
            in_srgb: convert the colours to sRGB; what cannot be converted keeps its profile.

        Raises:
            PhotoError: the file cannot be read.
        """


@dataclass(frozen=True)
class DecodeBudget:
    """What one file may cost: bytes of address space, seconds of the clock, and what its header may claim."""

    memory_bytes: int = 6 << 30
    seconds: float = 120.0
    limits: DecodeLimits = field(default_factory=DecodeLimits)


def decode_here(data: bytes, reserve: Reserve, *, in_srgb: bool = False) -> tuple[Photo, ...]:
    """Decode in this very process: for files one trusts, and for tests.

    Raises:
        PhotoError: the file cannot be read.
    """
    pages = decode_pages(data, in_srgb=in_srgb)
    reserve(sum(page.num_pixels for page in pages))
    return pages


@contextlib.contextmanager
def child_decoders(num_children: int, budget: DecodeBudget = DecodeBudget()) -> Iterator[Decode]:
    """Decode in up to ``num_children`` processes at once; what is yielded may be called from any thread.

    It raises PhotoError also for a file on which a child took too long (``too-slow``) or died (``decoder-died``).
    """
    idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
    for _ in range(num_children):
        idle.put(None)  # started when first needed

    def decode(data: bytes, reserve: Reserve, *, in_srgb: bool = False) -> tuple[Photo, ...]:
        """Decode in the next idle child; a new one takes the place of one that died."""
        budget.limits.check_bytes(len(data))
        child = idle.get()
        try:
            if child is None or not child.is_alive:
                child = _Child(budget)
            pages = child.decode(data, reserve, IN_SRGB if in_srgb else AS_IT_IS)
        finally:
            idle.put(child)
        return tuple(photo_of(page) for page in pages)

    try:
        yield decode
    finally:
        for _ in range(num_children):
            child = idle.get()
            if child is not None:
                child.stop()


class _Child:
    """One process; used by one thread at a time."""

    def __init__(self, budget: DecodeBudget) -> None:
        self._budget = budget
        limits = budget.limits
        numbers = (budget.memory_bytes, limits.max_bytes, limits.max_pixels, limits.max_side_px)
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ops.image_formats.decode_child", *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_CHECKOUT,
            env=environment | threads,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout

    @property
    def is_alive(self) -> bool:
        """Whether the process runs, so that it can be asked again."""
        return self._process.poll() is None

    def decode(self, data: bytes, reserve: Reserve, wish: bytes) -> tuple[UprightRaster, ...]:
        """Let the process decode one file as wished; ``reserve`` is told its pixels before any is received.

        Raises:
            PhotoError: the file cannot be read, or the process died or took too long on it.
            ValueError: the process answered nonsense.
        """
        is_in_step = False  # a child that did not give its whole answer would give it to the next question
        try:
            header = self._ask(data, wish)
            if "reason" in header:
                is_in_step = True
                raise PhotoError(str(header["reason"]), str(header["message"]))
            shapes = [_checked_shape(page, self._budget.limits) for page in _checked_pages(header)]
            num_pixels = sum(height * width for height, width, _ in shapes)
            self._budget.limits.check_total(num_pixels)
            reserve(num_pixels)
            with self._deadline():
                pages = tuple(self._receive(*page) for page in zip(header["pages"], shapes, strict=True))
            is_in_step = True
            return pages
        except BrokenPipeError as error:
            raise self._obituary(len(data)) from error
        finally:
            if not is_in_step:
                self.stop()

    def _ask(self, data: bytes, wish: bytes) -> dict[str, Any]:
        with self._deadline():
            self._to.write(len(data).to_bytes(LENGTH_BYTES) + wish)
            self._to.write(data)
            self._to.flush()
            line = self._from.readline(_MAX_HEADER_BYTES)
        if not line.endswith(b"\n"):
            raise BrokenPipeError
        header: dict[str, Any] = json.loads(line)
        return header

    def stop(self) -> None:
        """Kill the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._to, self._from):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _receive(self, header: dict[str, Any], shape: tuple[int, int, int]) -> UprightRaster:
        samples = np.empty(shape, np.uint8 if header["bits"] == 8 else np.uint16)
        self._fill(samples.data.cast("B"))
        blocks: dict[str, bytes] = {}
        for name, num_bytes in header["blocks"].items():
            block = bytearray(num_bytes)
            self._fill(memoryview(block))
            blocks[name] = bytes(block)
        dpi = header["dpi"] and (float(header["dpi"][0]), float(header["dpi"][1]))
        notes = tuple(str(note) for note in header["notes"])
        return UprightRaster(header["container"], samples, Metadata(dpi=dpi, **blocks), notes)

    def _fill(self, view: memoryview) -> None:
        while len(view):
            num_read = self._from.readinto(view)  # type: ignore[attr-defined]  # a BufferedReader
            if not num_read:
                raise BrokenPipeError
            view = view[num_read:]

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[None]:
        """Kill the child when the block takes too long: the pipes then break."""
        self._is_late = False

        def end() -> None:
            """Let the pipes break."""
            self._is_late = True
            self._process.kill()

        timer = threading.Timer(self._budget.seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # a timer that fires this very moment must not kill the child at its next photo

    def _obituary(self, num_bytes: int) -> PhotoError:
        self.stop()
        if self._is_late:
            return PhotoError(
                "too-slow",
                f"decoding these {num_bytes:,} bytes took more than {self._budget.seconds:g} s and was stopped: "
                "convert a copy to TIFF, or raise DecodeBudget.seconds",
            )
        return PhotoError(
            "decoder-died",
            f"the decoder ended (exit code {self._process.returncode}) on these {num_bytes:,} bytes: the file is "
            "damaged in a way that crashes a codec; take another copy, or rescan the original",
        )


def _checked_pages(header: dict[str, Any]) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = header.get("pages", [])
    if not 0 < len(pages) <= MAX_PAGES or (len(pages) > 1 and {page["container"] for page in pages} != {"TIFF"}):
        raise ValueError(f"the decoder answered nonsense: {header!r:.200}")
    return pages


def _checked_shape(header: dict[str, Any], limits: DecodeLimits) -> tuple[int, int, int]:
    height, width, num_channels = (int(side) for side in header["shape"])
    limits.check_size(width, height)
    blocks = header["blocks"]
    is_sound = (
        header["container"] in _CONTAINERS
        and header["bits"] in (8, 16)
        and num_channels in (1, 2, 3, 4)
        and set(blocks) <= {"icc", "exif", "xmp", "iptc"}
        and all(0 <= size <= limits.max_bytes for size in blocks.values())
    )
    if not is_sound:
        raise ValueError(f"the decoder answered nonsense: {header!r:.200}")
    return height, width, num_channels
