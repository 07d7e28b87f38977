"""The plan of one pair: everything that was drawn, in the order it happens. It alone decides the pixels."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from ops.degradation.ageing import Ageing
from ops.degradation.defects import Defect
from ops.degradation.printing import Monochrome


@dataclass(frozen=True)
class Plan:
    """What happens to one photo.

    Attributes:
        recipe_version: of the recipe it was drawn from.
        height: of the photo it was drawn for, in pixels.
        width: of that photo, in pixels.
        monochrome: the print in one tone, which the clean photo shares; None for a colour print.
        defects: structured damage; it happens first.
        ageing: unstructured damage, on top of the defects.
    """

    recipe_version: str
    height: int
    width: int
    monochrome: Monochrome | None
    defects: tuple[Defect, ...]
    ageing: tuple[Ageing, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What happens, in order: classes of defects, then kinds of ageing."""
        return (*(defect.shape.value for defect in self.defects), *(step.kind for step in self.ageing))


_PLAN = TypeAdapter(Plan)


def plan_to_json(plan: Plan) -> str:
    """``plan`` as JSON; numbers keep every bit."""
    return _PLAN.dump_json(plan).decode()


def plan_from_json(text: str) -> Plan:
    """The plan that ``plan_to_json`` wrote.

    Raises:
        ValueError: ``text`` is no plan of this version; pydantic names the place.
    """
    return _PLAN.validate_json(text)
