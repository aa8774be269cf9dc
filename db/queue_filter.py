"""Which items a queue holds: what a filter says, and as conditions of a query from `Item`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.hidden_copies import seen_by
from db.labeler_models import Bookmark
from db.models import Item, ItemTag, Revision, TagSuggestion
from db.name_search import contains
from db.status import STATUS_GROUPS, statuses_named
from db.team_models import Assignment, SecondLook


@dataclass(frozen=True)
class SecondLookFilter:
    """Finished pictures that were approved, or (``waiting``) that a second look is to be taken at.

    Those that wait are chosen by `rule` and `number` (see `db.team_models.SecondLookRule`), and are not the
    work of `viewer` (users.id). `doubt_rank` is the largest one that the rule ``doubt`` keeps.
    """

    state: Literal["waiting", "approved"]
    rule: str = "off"
    number: int = 1
    viewer: int | None = None
    doubt_rank: float | None = None


@dataclass(frozen=True)
class QueueFilter:
    """Which items of a dataset the queue holds; None keeps all.

    `status` is a status or a group (``todo``, ``done``). `class_index` keeps items tagged with that class,
    `author` (users.id) those whose newest revision is that person's. `tags_in_doubt` keeps unfinished items
    with a suggested or a doubtful tag, `name` those whose names contain it, in upper or lower case.
    `assigned_to` (users.id) keeps that person's pictures, `is_unassigned` those that are nobody's.
    `second_look` keeps finished pictures by what a reviewer said about their newest mask, `bookmarked_by`
    (users.id) those that this person has bookmarked.
    `least_doubt` (0..1) keeps items that are at least so doubtful, `is_doubt_unknown` those that no model has
    processed, `pixels` those with at least the first number of pixels and fewer than the second one.
    `viewer` (users.id) sees their copies in the place of the pictures themselves; nobody else sees them.
    """

    status: str | None = None
    class_index: int | None = None
    split: str | None = None
    author: int | None = None
    tags_in_doubt: bool | None = None
    name: str | None = None
    assigned_to: int | None = None
    is_unassigned: bool | None = None
    second_look: SecondLookFilter | None = None
    viewer: int | None = None
    bookmarked_by: int | None = None
    least_doubt: float | None = None
    is_doubt_unknown: bool | None = None
    pixels: tuple[int, int | None] | None = None


def conditions_of(dataset_id: int, kept: QueueFilter) -> list[ColumnElement[bool]]:
    """Everything that an item of the queue fulfils. The query must ask for copies (`WITH_COPIES`)."""
    conditions = [Item.dataset_id == dataset_id, Item.missing_since.is_(None), seen_by(kept.viewer)]
    if kept.status is not None:
        conditions.append(Item.status.in_(statuses_named(kept.status)))
    return conditions + further_conditions_of(dataset_id, kept)


def further_conditions_of(
    dataset_id: int, kept: QueueFilter, *, is_searched: bool = False
) -> list[ColumnElement[bool]]:
    """What `kept` says beyond the status and the viewer.

    Databases look into one index of a table at a time. With `is_searched`, the conditions are written so that
    the few items which fulfil them can be found; without it, so that each of many items is checked quickly
    in an order that an index gives.
    """

    def is_among(rows: Select[*tuple[Any, ...]], column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        if is_searched:
            return Item.id.in_(rows.with_only_columns(column))
        return exists(rows.where(column == Item.id).with_only_columns(column))

    conditions: list[ColumnElement[bool]] = []
    if kept.class_index is not None:
        tagged = select(ItemTag).where(ItemTag.class_index == kept.class_index)
        conditions.append(is_among(tagged, ItemTag.item_id))
    if kept.split is not None:
        split = Item.split if is_searched else func.coalesce(Item.split, Item.split)
        conditions.append(split == kept.split)
    if kept.author is not None:
        conditions.append(Item.latest_author_id == kept.author)
    if kept.name:
        conditions.append(contains(kept.name))
    if kept.tags_in_doubt:
        conditions.append(is_among(select(TagSuggestion), TagSuggestion.item_id))
        conditions.append(Item.status.not_in((*STATUS_GROUPS["done"], "rejected")))
    if kept.assigned_to is not None:
        own = select(Assignment).where(Assignment.user_id == kept.assigned_to)
        conditions.append(is_among(own, Assignment.item_id))
    if kept.is_unassigned:
        conditions.append(~exists().where(Assignment.item_id == Item.id))
    if kept.bookmarked_by is not None:
        marked = select(Bookmark).where(Bookmark.user_id == kept.bookmarked_by)
        conditions.append(is_among(marked, Bookmark.item_id))
    if kept.least_doubt is not None:
        conditions.append(Item.doubt_rank <= -kept.least_doubt)
    if kept.is_doubt_unknown:
        conditions.append(Item.doubt_rank > 0)
    if kept.pixels is not None:
        least, below = kept.pixels
        conditions.append(Item.width * Item.height >= least)
        if below is not None:
            conditions.append(Item.width * Item.height < below)
    if kept.second_look is not None:
        conditions += _second_look_conditions(dataset_id, kept.second_look)
    return conditions


def _second_look_conditions(dataset_id: int, kept: SecondLookFilter) -> list[ColumnElement[bool]]:
    approved = exists().where(SecondLook.revision_id == Item.latest_id, SecondLook.verdict == "approved")
    conditions = [Item.status.in_(STATUS_GROUPS["done"]), Item.is_copy == false()]
    if kept.state == "approved":
        return [*conditions, approved]
    conditions.append(~approved)
    if kept.viewer is not None:
        conditions.append(Item.latest_author_id != kept.viewer)
    if kept.rule == "off":
        conditions.append(false())
    elif kept.rule == "nth":
        conditions.append(Item.id % kept.number == 0)
    elif kept.rule == "doubt":
        conditions.append(Item.doubt_rank <= (kept.doubt_rank if kept.doubt_rank is not None else -2.0))
    elif kept.rule == "beginner":
        earlier, place = aliased(Revision), aliased(Item)
        before = (
            select(func.count(earlier.item_id.distinct()))
            .join(place, place.id == earlier.item_id)
            .where(
                earlier.author_id == Item.latest_author_id,
                earlier.action.in_(STATUS_GROUPS["done"]),
                earlier.id < Item.latest_id,
                earlier.item_id != Item.id,
                place.dataset_id == dataset_id,
                place.is_copy == false(),
            )
            .scalar_subquery()
        )
        conditions.append(before < kept.number)
    return conditions
