"""Copies of pictures: several people label the same picture, each on an item with a history of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from db.annotations import append_program_revision, history, latest_revision
from db.assignments import assign, take_back
from db.hidden_copies import WITH_COPIES
from db.items import get_item, tags_of
from db.models import Item, ItemTag, Revision, utc_now
from db.status import STATUS_GROUPS, status_of
from db.team_models import Copy

_FOLLOWS = ("name", "sort_name", "path", "sha256", "missing_since", "split", "orientation", "media_type")


@dataclass(frozen=True)
class IndependentMask:
    """The finished mask of one person (users.id), made without seeing those of others."""

    user_id: int
    revision_id: int
    mask_hash: str


def make_copy(
    session: Session, item_id: int, user_id: int, *, is_gold: bool = False, made_by: int | None = None
) -> int | None:
    """Give a person a copy of a picture to label; returns its item id, None if the person has one already.

    The copy has the tags of the picture and its first proposal, and is assigned to the person.
    """
    item = get_item(session, item_id)
    had = session.scalar(select(Copy.item_id).where(Copy.of_item_id == item_id, Copy.user_id == user_id))
    if had is not None or item.is_copy:
        return None
    copy = Item(
        dataset_id=item.dataset_id,
        is_copy=True,
        width=item.width,
        height=item.height,
        disagreement=item.disagreement,
        disagreement_rank=item.disagreement_rank,
        doubt_rank=item.doubt_rank,
        **{name: getattr(item, name) for name in _FOLLOWS},
    )
    session.add(copy)
    session.flush()
    session.add(
        Copy(item_id=copy.id, of_item_id=item_id, user_id=user_id, is_gold=is_gold, made_by_id=made_by)
    )
    session.flush()
    tags = [{"item_id": copy.id, "class_index": index} for index in tags_of(session, [item_id])[item_id]]
    if tags:
        session.execute(insert(ItemTag), tags)
    proposal = next((one for one in history(session, item_id) if one.action == "proposed"), None)
    if proposal is not None:
        append_program_revision(
            session,
            copy.id,
            action="proposed",
            mask_hash=proposal.mask_hash,
            proposed_by=proposal.proposed_by,
        )
    assign(session, {user_id: [copy.id]}, assigned_by=made_by)
    return copy.id


def copies_in(session: Session, dataset_id: int, *, is_gold: bool | None = None) -> list[Copy]:
    """The copies of a dataset's pictures that were not taken back, by picture and person."""
    rows = select(Copy).join(Item, Item.id == Copy.of_item_id)
    rows = rows.where(Item.dataset_id == dataset_id, Copy.withdrawn_at.is_(None))
    if is_gold is not None:
        rows = rows.where(Copy.is_gold == is_gold)
    return list(session.scalars(rows.order_by(Copy.of_item_id, Copy.user_id)))


def withdraw_copies(session: Session, dataset_id: int, user_id: int | None = None) -> int:
    """Take the unfinished copies of a person, or of everybody, back; returns how many there were."""
    copies = [
        one
        for one in copies_in(session, dataset_id)
        if user_id in (None, one.user_id) and _status(session, one.item_id) in STATUS_GROUPS["todo"]
    ]
    for copy in copies:
        copy.withdrawn_at = utc_now()
    take_back(session, [copy.item_id for copy in copies])
    session.flush()
    return len(copies)


def worked_on(session: Session, item_ids: Sequence[int]) -> set[int]:
    """Those of some pictures that a person has ever changed."""
    rows = select(Revision.item_id).where(Revision.item_id.in_(item_ids), Revision.author_id.is_not(None))
    return set(session.scalars(rows.distinct()))


def authors_of(session: Session, item_id: int) -> set[int]:
    """Everybody (users.id) who has changed a picture."""
    rows = select(Revision.author_id).where(Revision.item_id == item_id, Revision.author_id.is_not(None))
    return {one for one in session.scalars(rows.distinct()) if one is not None}


def masks_of(session: Session, item_id: int, copies: Iterable[Copy]) -> list[IndependentMask]:
    """The finished masks of a picture and of `copies` of it, each of the person who first finished it.

    What others made of a mask afterwards does not count: it is not independent.
    """
    found = [_first_work(session, item_id)]
    found += [_first_work(session, copy.item_id) for copy in copies]
    masks = {one.user_id: one for one in reversed(found) if one is not None}
    return sorted(masks.values(), key=lambda one: one.user_id)


def follow_originals(session: Session, dataset_id: int) -> None:
    """Give the copies of a dataset the names and files of their pictures, which an import has changed."""
    copy = aliased(Item)
    rows = (
        select(Item, copy)
        .join(Copy, Copy.of_item_id == Item.id)
        .join(copy, copy.id == Copy.item_id)
        .where(Item.dataset_id == dataset_id)
    )
    for original, one in session.execute(rows, execution_options=WITH_COPIES):
        for name in _FOLLOWS:
            if getattr(one, name) != getattr(original, name):
                setattr(one, name, getattr(original, name))
    session.flush()


def names_of_originals(session: Session, item_ids: Collection[int]) -> dict[int, str]:
    """Names of pictures by id."""
    rows = session.execute(select(Item.id, Item.name).where(Item.id.in_(item_ids)))
    return {row.id: row.name for row in rows}


def _status(session: Session, item_id: int) -> str:
    newest = latest_revision(session, item_id)
    return status_of(newest.action if newest else None)


def _first_work(session: Session, item_id: int) -> IndependentMask | None:
    found: IndependentMask | None = None
    for one in history(session, item_id):
        if found is None:
            if one.action in STATUS_GROUPS["done"] and one.author_id and one.mask_hash:
                found = IndependentMask(one.author_id, one.id, one.mask_hash)
        elif one.author_id != found.user_id and one.mask_hash != found.mask_hash:
            break
        elif one.author_id == found.user_id and one.action in STATUS_GROUPS["done"] and one.mask_hash:
            found = IndependentMask(found.user_id, one.id, one.mask_hash)
    return found
