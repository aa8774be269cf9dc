"""Actions a revision can record, and the status of an item that follows from the last one.

A status is always derived from the newest revision. Items repeat it in a column that only a trigger of the
database writes, so the two cannot disagree (`db.models.Item`).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from db.errors import InvalidInputError

Action = Literal[
    "proposed", "drafted", "accepted", "corrected", "rejected", "skipped", "reverted", "withdrawn", "returned"
]
Status = Literal["new", "proposed", "drafted", "accepted", "corrected", "rejected", "skipped", "returned"]
Decision = Literal["accept", "reject", "skip", "revert"]

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)

RECORDED_AS: Final[dict[str, tuple[Action, ...]]] = {
    "accept": ("accepted", "corrected"),
    "reject": ("rejected",),
    "skip": ("skipped",),
    "revert": ("reverted",),
}
"""The actions that record each decision."""

ACTIONS_WITHOUT_MASK: Final[tuple[Action, ...]] = ("rejected", "skipped", "withdrawn")
"""Actions that may be recorded without a mask. ``withdrawn`` never has one: the program takes its proposal
back, and the item is new again."""

UNTOUCHED_ACTIONS: Final[tuple[Action, ...]] = ("proposed", "reverted", "withdrawn")
"""Actions of the newest revision after which a proposal may replace the mask: nobody has worked on it."""

STATUS_GROUPS: Final[dict[str, tuple[Status, ...]]] = {
    "todo": ("new", "proposed", "drafted", "skipped", "returned"),
    "done": ("accepted", "corrected"),
}


def status_of(action: str | None) -> Status:
    """Status of an item whose newest revision records `action`; None means that it has no revision."""
    if action is None or action == "withdrawn":
        return "new"
    if action == "reverted":
        return "proposed"
    for status in STATUSES[1:]:
        if status == action:
            return status
    raise InvalidInputError(f"There is no action {action!r}; actions are {', '.join(ACTIONS)}.")


def statuses_named(name: str) -> tuple[Status, ...]:
    """The statuses that a filter word stands for: one status, or a group (``todo``, ``done``).

    >>> statuses_named("done")
    ('accepted', 'corrected')
    """
    if name in STATUS_GROUPS:
        return STATUS_GROUPS[name]
    for status in STATUSES:
        if status == name:
            return (status,)
    known = ", ".join((*STATUSES, *STATUS_GROUPS))
    raise InvalidInputError(f"There is no status {name!r}; choose one of {known}.")
