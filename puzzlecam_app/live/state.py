"""What the live model of a dataset knows, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_ENOUGH_MASKS: Final = 3
_GOOD_IOU: Final = 0.85


@dataclass(frozen=True)
class ClassState:
    """A class: how many masks show it, and what was measured by leaving each of them out in turn.

    Attributes:
        masks: accepted masks that the model has learned from and that show the class, or have it as a tag.
        tagged_todo: pictures with this tag that nobody has finished yet.
        iou_before: of the maps without what was learned, 0..1; None if it was not measured.
        iou_after: of the maps with it, each picture measured by a model that has not seen its mask.
        trust: how much of what was learned is used for the class, 0..1; None if it was not measured.
    """

    index: int
    name: str
    masks: int = 0
    tagged_todo: int = 0
    iou_before: float | None = None
    iou_after: float | None = None
    trust: float | None = None


@dataclass(frozen=True)
class NextClass:
    """The class whose correction helps most now, and why, in one sentence."""

    index: int
    name: str
    why: str


@dataclass(frozen=True)
class LiveState:
    """What the panel shows.

    Attributes:
        is_paused: somebody paused the model.
        is_computing: it is learning, measuring, or renewing proposals.
        masks: masks it has learned from.
        waiting: masks that it has not learned from yet.
        measured_on: masks that `iou_before` and `iou_after` were measured on.
        classes: all classes of the dataset but background, in their order.
        ignored: (id, name) of pictures that it does not learn from.
        reset_at: when it was reset; it learns only from what was decided later.
        problem: why it cannot learn; None if it can.
    """

    is_paused: bool
    is_computing: bool
    masks: int
    waiting: int
    measured_on: int
    classes: tuple[ClassState, ...]
    ignored: tuple[tuple[int, str], ...]
    reset_at: datetime | None
    problem: str | None

    @property
    def next_class(self) -> NextClass | None:
        """See `next_class`."""
        return next_class(self.classes)

    @property
    def sentence(self) -> str:
        """The state in one or two sentences."""
        if self.problem is not None:
            return self.problem
        if self.is_paused:
            return "Learning is paused. Proposals stay as they are."
        if not self.masks and not self.waiting:
            return "Nothing is learned yet. Accept or correct a mask, and the next proposals use it."
        if not self.masks:
            return f"Learning from {_counted(self.waiting, 'mask')}."
        known = sum(one.masks > 0 for one in self.classes)
        said = f"Learned from {_counted(self.masks, 'mask')} of {_counted(known, 'class', 'classes')}."
        return f"{said} {_counted(self.waiting, 'mask')} to come." if self.waiting else said


def next_class(classes: Sequence[ClassState]) -> NextClass | None:
    """The class to correct next for the most gain; None if no class has pictures left to do.

    The gain is estimated as the number of unfinished pictures, times what is wrong in their maps, divided by
    the masks there are already: the first masks of a class teach most.
    """
    open_classes = [one for one in classes if one.tagged_todo]
    if not open_classes:
        return None
    best = max(open_classes, key=lambda one: (_gain(one), -one.index))
    return NextClass(best.index, best.name, _why(best))


def _gain(one: ClassState) -> float:
    iou = one.iou_after if one.iou_after is not None else one.iou_before
    missing = 1 - (0.5 if iou is None else iou)
    return one.tagged_todo * missing / (1 + one.masks)


def _why(one: ClassState) -> str:
    left = f"{_counted(one.tagged_todo, 'picture')} with this tag {_are(one.tagged_todo)} left"
    if not one.masks:
        return f"No accepted mask shows it yet, and {left}."
    if one.masks < _ENOUGH_MASKS:
        shown = "shows" if one.masks == 1 else "show"
        return f"Only {_counted(one.masks, 'accepted mask')} {shown} it, and {left}."
    if one.iou_after is not None and one.iou_after < _GOOD_IOU:
        return f"Its proposals still have an IoU of {100 * one.iou_after:.0f} %, and {left}."
    return f"{left[0].upper()}{left[1:]}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
