"""Dividing work evenly among processes that know nothing of each other but how many they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

S = TypeVar("S", bound="Sequence[Any] | Tensor")


@dataclass(frozen=True)
class Part:
    """Every ``count``-th item, beginning with the one numbered ``number``: what one process of several does.

    Taken so, the parts of two sequences, one behind the other, are the part of both together, provided that the first
    divides evenly; a batch may therefore be joined of halves before or after it is divided.
    """

    number: int
    count: int

    def of(self, items: S) -> S:
        """This part of a list, or of the rows of a tensor."""
        return items[self.number :: self.count]  # type: ignore[return-value]

    def even_size(self, size: int) -> int:
        """How many of ``size`` photos this part has, as many as every other.

        Raises:
            ValueError: they cannot be divided so.
        """
        if size % self.count:
            fitting = [count for count in range(1, size + 1) if size % count == 0]
            raise ValueError(
                f"{size} photos of a batch cannot be shared evenly by {self.count} processes; train with --gpus one of "
                f"{', '.join(map(str, fitting))}, or give the recipe another batch_size"
            )
        return size // self.count


WHOLE = Part(0, 1)
