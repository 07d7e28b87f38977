"""Answers that are worth keeping for a while, such as decoded photos."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
A = TypeVar("A")


class Remembered(Generic[P, A]):
    """``function`` with its last ``capacity`` answers kept; sent to another process, it starts there without any.

    ``functools.lru_cache`` alone cannot be sent: a training in several processes hands its data to each of them.
    """

    def __init__(self, function: Callable[P, A], capacity: int) -> None:
        self._function = function
        self._capacity = capacity
        self._kept = lru_cache(maxsize=capacity)(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> A:
        """The answer of ``function``; the arguments are hashable."""
        return self._kept(*args, **kwargs)  # type: ignore[arg-type]

    def __reduce__(self) -> tuple[Any, ...]:
        return Remembered, (self._function, self._capacity)
