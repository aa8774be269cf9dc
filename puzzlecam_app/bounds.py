"""The bounds of settings, read from the models that check them, so that no page repeats them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Bounds:
    """Bounds of a number; None where there is none. An exclusive bound is not allowed itself."""

    minimum: float | None = None
    maximum: float | None = None
    is_minimum_exclusive: bool = False
    is_maximum_exclusive: bool = False


def bounds_of(field: FieldInfo) -> Bounds:
    """The bounds of a field of a pydantic model.

    >>> from trainer.masks.crf import CrfConfig
    >>> bounds_of(CrfConfig.model_fields["gt_prob"])
    Bounds(minimum=0.0, maximum=1.0, is_minimum_exclusive=True, is_maximum_exclusive=True)
    """
    found = {
        attribute: getattr(one, attribute)
        for one in field.metadata
        for attribute in ("gt", "ge", "lt", "le")
        if getattr(one, attribute, None) is not None
    }
    return Bounds(
        minimum=found.get("ge", found.get("gt")),
        maximum=found.get("le", found.get("lt")),
        is_minimum_exclusive="gt" in found,
        is_maximum_exclusive="lt" in found,
    )
