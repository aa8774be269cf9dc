"""How much work people have done on a dataset, by person and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.hidden_copies import WITH_COPIES, seen_by
from db.labels import latest_label_set
from db.models import Item, ItemTag, Revision, User
from db.status import STATUS_GROUPS
from db.team_models import SecondLook


@dataclass
class DayOfWork:
    """What a person did on a day (UTC).

    Attributes:
        finished: pictures that the person accepted or corrected.
        corrected: how many of them they had changed.
        seconds: time spent on all pictures of the dataset, where it was measured.
        clicks, strokes: steps of the Smart tool and other changes by hand, where they were counted.
        looks: second looks at the person's pictures on that day.
        returned: how many of them returned the picture.
    """

    name: str
    day: date
    seconds: float = 0.0
    clicks: int = 0
    strokes: int = 0
    looks: int = 0
    returned: int = 0
    items: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)

    @property
    def finished(self) -> int:
        return len(self.items)

    @property
    def corrected(self) -> int:
        return len(self.changed)


def days_of_work(session: Session, dataset_id: int, since: datetime) -> list[DayOfWork]:
    """What every person did since then, by day and name. Copies count as other pictures do."""
    found: dict[tuple[str, date], DayOfWork] = {}

    def day_of(name: str, at: datetime) -> DayOfWork:
        return found.setdefault((name, at.date()), DayOfWork(name, at.date()))

    revisions = (
        select(
            User.name,
            Revision.item_id,
            Revision.action,
            Revision.seconds_spent,
            Revision.clicks,
            Revision.strokes,
            Revision.created_at,
        )
        .join(User, User.id == Revision.author_id)
        .join(Item, Item.id == Revision.item_id)
        # What a change of the class list repeated has a note.
        .where(Item.dataset_id == dataset_id, Revision.created_at >= since, Revision.note.is_(None))
    )
    for row in session.execute(revisions, execution_options=WITH_COPIES):
        day = day_of(row.name, row.created_at)
        day.seconds += row.seconds_spent or 0
        day.clicks += row.clicks or 0
        day.strokes += row.strokes or 0
        if row.action in STATUS_GROUPS["done"]:
            day.items.add(row.item_id)
        if row.action == "corrected":
            day.changed.add(row.item_id)
    looks = (
        select(User.name, SecondLook.verdict, SecondLook.created_at)
        .join(User, User.id == SecondLook.labeler_id)
        .join(Item, Item.id == SecondLook.item_id)
        .where(Item.dataset_id == dataset_id, SecondLook.created_at >= since)
    )
    for name, verdict, at in session.execute(looks):
        day = day_of(name, at)
        day.looks += 1
        day.returned += verdict == "returned"
    return sorted(found.values(), key=lambda one: (one.day, one.name))


def totals(days: Iterable[DayOfWork]) -> dict[str, DayOfWork]:
    """The days of each person as one, by name; a picture that was finished twice counts once."""
    by_name: dict[str, list[DayOfWork]] = defaultdict(list)
    for day in days:
        by_name[day.name].append(day)
    return {
        name: DayOfWork(
            name,
            own[-1].day,
            sum(one.seconds for one in own),
            sum(one.clicks for one in own),
            sum(one.strokes for one in own),
            sum(one.looks for one in own),
            sum(one.returned for one in own),
            set().union(*(one.items for one in own)),
            set().union(*(one.changed for one in own)),
        )
        for name, own in sorted(by_name.items())
    }


@dataclass(frozen=True)
class ClassWork:
    """How much of a class is left: pictures with its tag; copies do not count.

    Attributes:
        finished: pictures that somebody accepted or corrected lately and that are finished now.
    """

    name: str
    unfinished: int
    finished: int


def work_by_class(session: Session, dataset_id: int, since: datetime) -> list[ClassWork]:
    """What is left of every class of the class list, in its order, and what was finished since then."""
    tagged = (
        select(ItemTag.class_index, func.count(Item.id.distinct()))
        .join(Item, Item.id == ItemTag.item_id)
        .where(Item.dataset_id == dataset_id, Item.missing_since.is_(None), seen_by(None))
        .group_by(ItemTag.class_index)
    )
    lately = select(Revision.item_id).where(
        Revision.created_at >= since, Revision.action.in_(STATUS_GROUPS["done"]), Revision.note.is_(None)
    )
    left, done = (
        {row[0]: row[1] for row in session.execute(tagged.where(*wanted))}
        for wanted in (
            (Item.status.in_(STATUS_GROUPS["todo"]),),
            (Item.status.in_(STATUS_GROUPS["done"]), Item.id.in_(lately)),
        )
    )
    return [
        ClassWork(one.name, left.get(one.index, 0), done.get(one.index, 0))
        for one in latest_label_set(session, dataset_id).classes
        if one.retired_to is None
    ]
