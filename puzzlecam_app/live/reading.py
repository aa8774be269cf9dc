"""What the database knows about the live model of a dataset: for the panel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.datasets import get_dataset
from db.labels import latest_label_set
from db.live import LiveRules, live_rules, taught_masks
from db.models import Item, ItemTag
from db.natural_order import natural_key
from db.status import STATUS_GROUPS


@dataclass(frozen=True)
class LiveFacts:
    """What the database says.

    Attributes:
        rules: what people told the model.
        classes: (index, name) of all classes but background.
        taught: pictures whose masks the model should have learned from.
        tagged_todo: unfinished pictures by tag.
        ignored: (id, name) of ignored pictures, in natural order.
    """

    rules: LiveRules
    classes: tuple[tuple[int, str], ...]
    taught: frozenset[int]
    tagged_todo: dict[int, int]
    ignored: tuple[tuple[int, str], ...]

    @property
    def reset_at(self) -> datetime | None:
        """When somebody last reset the model."""
        return self.rules.reset_at


def live_facts(session: Session, dataset_id: int) -> LiveFacts:
    """Read the facts of a dataset; raises NotFoundError."""
    get_dataset(session, dataset_id)
    rules = live_rules(session, dataset_id)
    names = session.execute(select(Item.id, Item.name).where(Item.id.in_(rules.ignored)))
    return LiveFacts(
        rules=rules,
        classes=tuple((one.index, one.name) for one in latest_label_set(session, dataset_id).classes),
        taught=frozenset(taught_masks(session, dataset_id, rules)),
        tagged_todo=_tagged_todo(session, dataset_id),
        ignored=tuple(sorted(((row.id, row.name) for row in names), key=lambda row: natural_key(row[1]))),
    )


def _tagged_todo(session: Session, dataset_id: int) -> dict[int, int]:
    finished = (*STATUS_GROUPS["done"], "rejected")
    rows = (
        select(ItemTag.class_index, func.count(ItemTag.item_id))
        .join(Item, Item.id == ItemTag.item_id)
        .where(Item.dataset_id == dataset_id, Item.missing_since.is_(None))
        .where(Item.status.not_in(finished))
        .group_by(ItemTag.class_index)
    )
    return {row[0]: row[1] for row in session.execute(rows)}
