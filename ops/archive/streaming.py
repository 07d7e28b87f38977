"""Overlap with bounded memory: photos are fetched and published by threads while the network works on another.

Every photo passes three steps: prepare (threads), work (the caller's thread, one at a time), finish (threads). Never
more than ``num_in_flight`` photos are between the start of their first and the end of their last step, and never more
than ``num_pixels`` of decoded ones unless one photo alone is larger.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Worked = TypeVar("Worked")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Pace:
    """How much goes on at once.

    Attributes:
        num_in_flight: photos on their way.
        num_pixels: of all decoded photos together; each costs about 40 bytes.
    """

    num_in_flight: int = 8
    num_pixels: int = 100_000_000


@dataclass(frozen=True)
class Settled(Generic[Result]):
    """What `prepare` returns when a photo needs no further step."""

    result: Result


@dataclass(frozen=True)
class Steps(Generic[Item, Ready, Worked, Result]):
    """The way of one photo.

    Attributes:
        prepare: in a thread; what is left to do, or `Settled`.
        likeness: photos alike are worked on one after the other when several are ready: same size, warm caches.
        work: in the caller's thread.
        finish: in a thread.
        abandon: called when the stream ends in whatever way; must wake every `prepare` that waits for others.
    """

    prepare: Callable[[Item], Ready | Settled[Result]]
    likeness: Callable[[Ready], object]
    work: Callable[[Ready], Worked]
    finish: Callable[[Worked], Result]
    abandon: Callable[[], None]


def stream(
    items: Iterable[Item], steps: Steps[Item, Ready, Worked, Result], num_in_flight: int
) -> Generator[Result, None, None]:  # fmt: skip
    """Yield the result of every item as it gets ready; an error of any step ends everything and is raised."""
    todo = iter(items)
    ready: list[Ready] = []
    last: object = None
    with ThreadPoolExecutor(num_in_flight) as front, ThreadPoolExecutor(num_in_flight) as back:
        preparing: set[Future[Ready | Settled[Result]]] = set()
        finishing: set[Future[Result]] = set()
        try:
            while True:
                room = num_in_flight - len(preparing) - len(ready) - len(finishing)
                preparing |= {front.submit(steps.prepare, item) for item in islice(todo, room)}
                if not (preparing or ready or finishing):
                    return
                under_way: list[Future[Any]] = [*preparing, *finishing]
                wait(under_way, timeout=0 if ready else None, return_when=FIRST_COMPLETED)
                for prepared in [each for each in preparing if each.done()]:
                    preparing.remove(prepared)
                    match prepared.result():
                        case Settled(result):
                            yield result
                        case waiting:
                            ready.append(waiting)
                for finished in [each for each in finishing if each.done()]:
                    finishing.remove(finished)
                    yield finished.result()
                if ready:
                    alike = next((at for at, each in enumerate(ready) if steps.likeness(each) == last), 0)
                    last = steps.likeness(ready[alike])
                    finishing.add(back.submit(steps.finish, steps.work(ready.pop(alike))))
        finally:
            steps.abandon()
            for future in preparing:
                future.cancel()


class AbandonedError(Exception):
    """Somebody waited for memory in a run that has ended."""


class PixelBudget:
    """Lends out pixels: whoever asks for more than is left waits, except that one photo is always let through."""

    def __init__(self, num_pixels: int) -> None:
        self._limit = num_pixels
        self._lent = 0
        self._is_over = False
        self._changed = threading.Condition()
        self.peak = 0

    def borrow(self, num_pixels: int) -> None:
        """Wait until so many fit.

        Raises:
            AbandonedError: the budget was closed meanwhile.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._lent == 0 or self._lent + num_pixels <= self._limit)
            if self._is_over:
                raise AbandonedError
            self._lent += num_pixels
            self.peak = max(self.peak, self._lent)

    def give_back(self, num_pixels: int) -> None:
        """Let others have them."""
        with self._changed:
            self._lent -= num_pixels
            self._changed.notify_all()

    def close(self) -> None:
        """End the lending: whoever waits gets an AbandonedError."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()


class Stopwatch:
    """Seconds that each stage was busy, summed over threads, beside those of the clock."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block as work on `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._busy[name] += time.perf_counter() - started  # type: ignore[assignment]  # Counter takes floats

    def seconds(self) -> dict[str, float]:
        """Busy seconds by stage, and "wall"; their sum over the wall says how much went on at once."""
        with self._lock:
            return {**self._busy, "wall": time.perf_counter() - self._started}
