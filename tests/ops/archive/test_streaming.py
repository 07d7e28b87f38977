from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

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
    def slowly(item: int) -> int:
        time.sleep(0.05)
        return item

    started = time.perf_counter()
    assert len(list(stream(range(8), Steps(slowly, double, slowly, slowly, nothing), num_in_flight=4))) == 8
    assert time.perf_counter() - started < 0.85 * 8 * 3 * 0.05


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


def test_photos_alike_follow_each_other() -> None:
    order: list[int] = []
    all_there = threading.Barrier(4)

    def prepare(item: int) -> int:
        all_there.wait(5)
        return item

    def work(item: int) -> int:
        order.append(item % 2)
        return item

    list(stream(range(4), Steps(prepare, lambda item: item % 2, work, double, nothing), num_in_flight=4))
    assert sum(one != other for one, other in itertools.pairwise(order)) <= 2


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
