from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ops.archive import streaming
from ops.archive.streaming import AbandonedError, PixelBudget, Settled, Steps, Stopwatch, stream


def nothing() -> None:
    pass


def double(item: int) -> int:
    return 2 * item


def test_every_item_comes_out_once() -> None:
    def prepare(item: int) -> int | Settled[int]:
        return Settled(-item) if item % 3 == 0 else item

    steps = Steps(prepare, lambda item: item % 2, double, lambda item: item + 1, nothing)
    results = sorted(stream(range(1, 20), steps, num_in_flight=4))
    assert results == sorted(-item if item % 3 == 0 else 2 * item + 1 for item in range(1, 20))


def test_reading_and_writing_go_on_while_the_network_works() -> None:
    """Each step waits for a step of another photo, so a stream that does one thing at a time would fail."""
    first_work, second_work, slow_read, first_written = (threading.Event() for _ in range(4))

    def prepare(item: int) -> int:
        if item == 0:
            assert first_work.wait(60)
            slow_read.set()
        return item

    def work(item: int) -> int:
        if not first_work.is_set():
            first_work.set()
            assert slow_read.wait(60)
        elif not second_work.is_set():
            second_work.set()
            assert first_written.wait(60)
        return item

    def finish(item: int) -> int:
        if not first_written.is_set():
            assert second_work.wait(60)
            first_written.set()
        return item

    steps = Steps(prepare, lambda item: item, work, finish, nothing)
    assert sorted(stream(range(6), steps, num_in_flight=4)) == list(range(6))


def test_no_more_are_on_their_way_than_allowed() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def enter(item: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        return item

    def leave(item: int) -> int:
        nonlocal now
        with lock:
            now -= 1
        return item

    list(stream(range(30), Steps(enter, double, double, leave, nothing), num_in_flight=3))
    assert most <= 3


class AtOnce:
    """Stands for the pool of threads: all that is handed in is done at once, so that the order is not up to chance."""

    def __init__(self, num_threads: int) -> None: ...

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, function: Callable[..., object], *arguments: object) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(function(*arguments))
        return done


def test_photos_alike_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "ThreadPoolExecutor", AtOnce)
    order: list[int] = []

    def work(item: int) -> int:
        order.append(item % 2)
        return item

    list(stream(range(4), Steps(lambda item: item, lambda item: item % 2, work, double, nothing), num_in_flight=4))
    assert order in ([0, 0, 1, 1], [1, 1, 0, 0])


@pytest.mark.parametrize("place", ["prepare", "work", "finish"])
def test_an_error_of_any_step_ends_the_stream_also_for_who_waits(place: str) -> None:
    budget = PixelBudget(1)

    def step(name: str, item: int) -> int:
        if name == place and item == 0:
            raise RuntimeError(place)
        return item

    def prepare(item: int) -> int:
        step("prepare", item)
        budget.borrow(1)  # given back by nobody: all but one wait until the stream abandons them
        return item

    steps = Steps(prepare, double, lambda item: step("work", 0), lambda item: step("finish", 0), budget.close)
    with pytest.raises(RuntimeError, match=place):
        list(stream(range(6), steps, num_in_flight=3))


def test_one_photo_larger_than_the_budget_goes_alone() -> None:
    budget = PixelBudget(10)
    budget.borrow(25)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(budget.borrow, 1)
        time.sleep(0.02)
        assert not waiting.done()
        budget.give_back(25)
        waiting.result(5)
    assert budget.peak == 25


def test_who_waits_for_memory_in_an_ended_run_is_told() -> None:
    budget = PixelBudget(1)
    budget.borrow(1)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(budget.borrow, 1)
        budget.close()
        with pytest.raises(AbandonedError):
            waiting.result(5)


def test_the_stopwatch_sums_stages_beside_the_clock() -> None:
    watch = Stopwatch()
    with watch.stage("read"), watch.stage("decode"):
        time.sleep(0.02)
    seconds = watch.seconds()
    assert seconds["read"] >= seconds["decode"] >= 0.02
    assert seconds["wall"] >= 0.02
