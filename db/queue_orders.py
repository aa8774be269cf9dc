"""The orders of the review queue, each as runs that an index gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, literal

from db.errors import InvalidInputError
from db.models import SHUFFLE_PRIME, Item

Order = Literal["name", "doubt", "disagreement", "random"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


@dataclass(frozen=True)
class Run:
    """Items that follow each other by a column, for which there is an index.

    Attributes:
        column: what they are sorted by, ascending, before the id.
        conditions: which items the run has.
        shift: what makes the column the sort key of the whole order; 0 where the order has one run.
    """

    column: ColumnElement[Any]
    conditions: tuple[ColumnElement[bool], ...] = ()
    shift: int = 0

    @property
    def key(self) -> ColumnElement[Any]:
        """The sort key of the order."""
        return self.column + literal(self.shift) if self.shift else self.column

    def place_of(self, key: Any) -> Any:
        """Return the value of the column where the sort key is `key`."""
        return key - self.shift if self.shift else key


def runs_of(order: str, seed: int) -> Sequence[Run]:
    """Return the runs of an order. They have no item in common, and earlier runs have smaller keys.

    The random order goes round a fixed shuffle, from a place that the seed chooses: an index can give that,
    and the first pictures are a random choice all the same.

    Raises:
        InvalidInputError: There is no such order.
    """
    if order == "name":
        return [Run(Item.sort_name.expression)]
    if order == "doubt":
        return [Run(Item.doubt_rank.expression)]
    if order == "disagreement":
        return [Run(Item.disagreement_rank.expression)]
    if order == "random":
        begin = random.Random(seed).randrange(1, SHUFFLE_PRIME)  # noqa: S311 - a shuffle, not a secret
        place = Item.shuffled.expression
        return [
            Run(place, (place >= begin,), -begin),
            Run(place, (place < begin,), SHUFFLE_PRIME - begin),
        ]
    raise InvalidInputError(f"There is no order {order!r}; choose one of {', '.join(ORDERS)}.")
