"""The history of an item: an append-only list of revisions, and the decisions that are added to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from db.conflicts import StaleRevision
from db.errors import InvalidInputError, NothingToDecideError
from db.hidden_copies import WITH_COPIES
from db.items import get_item
from db.labels import latest_label_set_id
from db.models import Item, Mask, Revision, utc_now
from db.queue import counts_by_status
from db.status import (
    ACTIONS,
    ACTIONS_WITHOUT_MASK,
    DECISIONS,
    RECORDED_AS,
    STATUS_GROUPS,
    UNTOUCHED_ACTIONS,
    Action,
    status_of,
)
from db.users import get_user

__all__ = [
    "Making",
    "Pace",
    "StaleRevision",
    "append_program_revision",
    "append_revision",
    "decide",
    "find_revision",
    "history",
    "latest_proposal",
    "latest_revision",
    "latest_revisions",
    "mask_hashes",
    "pace",
    "propose",
    "register_mask",
    "repeat_revision",
    "status_of",
]

_DECIDED: Final[tuple[Action, ...]] = ("accepted", "corrected", "rejected", "skipped")
_SHORTEST_PACE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Making:
    """How a mask came about, as far as it is known.

    Attributes:
        seconds_spent: time that a person took for it, not negative.
        seeds: steps of the Smart tool, as in `Revision`.
        strokes: how many other changes were made by hand.
        made_at: when it was made, if that was before now and elsewhere.
        note: what the program did.
    """

    seconds_spent: float | None = None
    seeds: list[dict[str, Any]] | None = None
    strokes: int | None = None
    made_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True)
class Pace:
    """How fast somebody works: `decisions` in the period and per hour, and the dataset's `done` items.

    `measured_s` are the seconds that the rate was measured over.
    """

    decisions: int
    per_hour: float
    done: int
    measured_s: float


def latest_revision(session: Session, item_id: int) -> Revision | None:
    """The newest revision of an item, None for a new one."""
    revisions = select(Revision).where(Revision.item_id == item_id)
    return session.scalar(revisions.order_by(Revision.sequence.desc()).limit(1))


def find_revision(session: Session, item_id: int, revision_id: int) -> Revision | None:
    """The revision with that id, None when it is unknown or belongs to another item."""
    return session.scalar(select(Revision).where(Revision.id == revision_id, Revision.item_id == item_id))


def latest_revisions(session: Session, dataset_id: int) -> dict[int, Revision]:
    """The newest revision of every item of a dataset that has one, by item id."""
    revisions = select(Revision).join(Item, Item.latest_id == Revision.id)
    rows = session.scalars(revisions.where(Item.dataset_id == dataset_id))
    return {revision.item_id: revision for revision in rows}


def mask_hashes(session: Session, dataset_id: int) -> list[str]:
    """Sorted hashes of all masks that a dataset refers to: of revisions, their priors, and ground truth."""
    drawn = select(Revision.mask_hash).join(Item, Item.id == Revision.item_id)
    measured = select(Item.ground_truth).where(Item.dataset_id == dataset_id)
    either = union(drawn.where(Item.dataset_id == dataset_id), measured)
    found = session.scalars(either, execution_options=WITH_COPIES)
    names = {name for name in found if name is not None}
    clicked = select(Revision.seeds).join(Item, Item.id == Revision.item_id)
    clicked = clicked.where(Item.dataset_id == dataset_id, Revision.seeds.is_not(None))
    for steps in session.scalars(clicked, execution_options=WITH_COPIES):
        names.update(step["prior"] for step in steps or ())
    return sorted(names)


def latest_proposal(session: Session, item_id: int) -> Revision | None:
    """The newest proposal of an item, None if there is none or it was withdrawn."""
    proposals = select(Revision).where(
        Revision.item_id == item_id, Revision.action.in_(("proposed", "withdrawn"))
    )
    newest = session.scalar(proposals.order_by(Revision.sequence.desc()).limit(1))
    return None if newest is None or newest.action == "withdrawn" else newest


def history(session: Session, item_id: int, *, with_seeds: bool = False) -> list[Revision]:
    """All revisions of an item, oldest first. `with_seeds` loads their `seeds` too."""
    revisions = select(Revision).where(Revision.item_id == item_id).order_by(Revision.sequence)
    return list(session.scalars(revisions.options(undefer(Revision.seeds)) if with_seeds else revisions))


def register_mask(session: Session, mask_hash: str, *, height: int, width: int) -> None:
    """Add a mask of the mask store to the tables, unless it is there already.

    Raises InvalidInputError if it is there with another size.
    """
    mask = session.get(Mask, mask_hash)
    if mask is None:
        try:
            with session.begin_nested():
                session.add(Mask(hash=mask_hash, height=height, width=width))
            return
        except IntegrityError:
            mask = session.get_one(Mask, mask_hash)
    if (mask.height, mask.width) != (height, width):
        raise InvalidInputError(
            f"The mask is {mask.width}x{mask.height} and the picture is {width}x{height}; they must be equal."
        )


def append_revision(
    session: Session,
    item_id: int,
    *,
    expected: int | None,
    action: Action,
    author: int | None,
    mask_hash: str | None,
    making: Making = Making(),
) -> Revision:
    """Append to the history of an item.

    `expected` is the id of the newest revision that the caller has seen, None or 0 for none. If another
    revision is newest, nothing is stored and StaleRevision carries it. Two cases are not conflicts. An author
    sends the same draft again because the first answer was lost (the tab was closed, the connection was cut);
    the revision that was stored the first time is returned. Or the caller has seen a proposal, and the
    program has made only other proposals since: the person's work replaces these. `author` is a users.id,
    None for the program. `mask_hash` names a mask of the picture's size in the mask store; only ``rejected``
    and ``skipped`` need none. Raises NotFoundError, and InvalidInputError for invalid values.
    """
    item = get_item(session, item_id)
    if action not in ACTIONS:
        raise InvalidInputError(f"There is no action {action!r}; actions are {', '.join(ACTIONS)}.")
    if mask_hash is None and action not in ACTIONS_WITHOUT_MASK:
        raise InvalidInputError(f"A revision with the action {action!r} needs a mask.")
    parent = latest_revision(session, item_id)
    revision = Revision(
        action=action,
        mask_hash=mask_hash,
        seconds_spent=making.seconds_spent,
        seeds=making.seeds or None,
        clicks=None if making.seeds is None else len(making.seeds),
        strokes=making.strokes,
        note=making.note,
    )
    if making.made_at is not None:
        revision.created_at = min(making.made_at, utc_now())
    if (
        parent
        and action == "drafted"
        and parent.author_id == author
        and _is_repeated(parent, expected, revision)
    ):
        return parent
    seen = _seen(session, parent, expected)
    return _append(session, item, parent, revision, author, seen)


def propose(
    session: Session, item_id: int, *, mask_hash: str, proposed_by: str, note: str | None = None
) -> Revision | None:
    """Append a proposal of the model `proposed_by`, unless it would hide human work or change nothing.

    Returns None if a person's revision is newest, or if the newest proposal is the same mask by the same
    model.
    """
    latest = latest_revision(session, item_id)
    if latest is not None and latest.action not in UNTOUCHED_ACTIONS:
        return None
    previous = latest_proposal(session, item_id)
    if previous and (previous.mask_hash, previous.proposed_by) == (mask_hash, proposed_by):
        return None
    revision = Revision(action="proposed", mask_hash=mask_hash, proposed_by=proposed_by, note=note)
    try:
        return _append(session, get_item(session, item_id), latest, revision, None)
    except StaleRevision:
        # The revision that came first is a person's, or another proposal: either may stay.
        return None


def append_program_revision(
    session: Session,
    item_id: int,
    *,
    action: Action,
    mask_hash: str | None,
    proposed_by: str | None,
    note: str | None = None,
) -> Revision:
    """Append a revision of the program itself; the caller has checked that it may do so.

    Raises StaleRevision if somebody else appends one at the same moment.
    """
    revision = Revision(action=action, mask_hash=mask_hash, proposed_by=proposed_by, note=note)
    return _append(session, get_item(session, item_id), latest_revision(session, item_id), revision, None)


def repeat_revision(session: Session, revision: Revision, *, mask_hash: str | None, note: str) -> Revision:
    """Append an older revision of an item again with another mask, because the class list has changed.

    Action, author and model stay; `note` says what was changed. The caller has checked that it may follow the
    newest one; raises StaleRevision if somebody else appends one at the same moment.
    """
    again = Revision(action=revision.action, mask_hash=mask_hash, proposed_by=revision.proposed_by, note=note)
    newest = latest_revision(session, revision.item_id)
    return _append(session, get_item(session, revision.item_id), newest, again, revision.author_id)


def decide(
    session: Session,
    item_id: int,
    *,
    expected: int | None,
    action: str,
    author: int | None,
    seconds_spent: float | None = None,
) -> Revision:
    """Append a labeler's decision: ``accept``, ``reject``, ``skip`` or ``revert``.

    Accepting records ``accepted`` when the mask is that of the newest proposal, else ``corrected``; reverting
    goes back to that proposal. The other two do not change the mask. A decision that its author sends again,
    because the first answer was lost, is stored once, as drafts are. Raises NothingToDecideError if there is
    no mask to accept or no proposal to go back to, and StaleRevision as `append_revision` does.
    """
    if action not in DECISIONS:
        raise InvalidInputError(f"There is no decision {action!r}; choose one of {', '.join(DECISIONS)}.")
    item = get_item(session, item_id)
    latest = latest_revision(session, item_id)
    if (
        latest
        and latest.author_id == author
        and latest.parent_id == (expected or None)
        and latest.action in RECORDED_AS[action]
    ):
        return latest
    seen = _seen(session, latest, expected)
    proposal = latest_proposal(session, item_id)
    proposed_mask = proposal.mask_hash if proposal else None
    mask_hash = seen.mask_hash if seen else None
    recorded: Action
    if action == "accept":
        if mask_hash is None:
            raise NothingToDecideError("The picture has no mask to accept; draw one or wait for a proposal.")
        # The proposal that the person has seen may be older than the newest one.
        is_proposed = mask_hash == proposed_mask or seen is not latest
        recorded = "accepted" if is_proposed else "corrected"
    elif action == "revert":
        if proposed_mask is None:
            raise NothingToDecideError("The picture has no proposal to go back to.")
        recorded, mask_hash = "reverted", proposed_mask
    else:
        recorded = "rejected" if action == "reject" else "skipped"
    revision = Revision(action=recorded, mask_hash=mask_hash, seconds_spent=seconds_spent)
    return _append(session, item, latest, revision, author, seen)


def pace(
    session: Session, dataset_id: int, author: int, since: datetime, *, now: datetime | None = None
) -> Pace:
    """How many decisions `author` (users.id) made in the dataset from `since` until `now`.

    The rate counts from the author's first decision in that period, so that a pause before it does not
    count, and over at least a minute, so that a single decision does not become thousands per hour.
    """
    decided = (
        select(func.count(Revision.id), func.min(Revision.created_at))
        .join(Item, Item.id == Revision.item_id)
        .where(Item.dataset_id == dataset_id, Revision.author_id == author)
        # What a change of the class list repeated has a note.
        .where(Revision.action.in_(_DECIDED), Revision.created_at >= since, Revision.note.is_(None))
    )
    count, first = session.execute(decided, execution_options=WITH_COPIES).one()
    counts = counts_by_status(session, dataset_id)
    done = sum(counts[status] for status in STATUS_GROUPS["done"])
    if not count:
        return Pace(0, 0.0, done, 0.0)
    worked = max((now or utc_now()) - first, _SHORTEST_PACE)
    return Pace(count, count / (worked / timedelta(hours=1)), done, worked.total_seconds())


def _seen(session: Session, latest: Revision | None, expected: int | None) -> Revision | None:
    """The revision that a person has seen, if what they do now can follow the newest one; else StaleRevision.

    It can if they have seen the newest one, or a proposal that only other proposals have followed.
    """
    if (latest.id if latest else None) == (expected or None):
        return latest
    if latest is None or not expected or latest.action != "proposed":
        raise StaleRevision(latest)
    seen = find_revision(session, latest.item_id, expected)
    if seen is None or seen.action != "proposed":
        raise StaleRevision(latest)
    others = select(func.count(Revision.id)).where(
        Revision.item_id == latest.item_id, Revision.sequence > seen.sequence, Revision.action != "proposed"
    )
    if session.scalar(others):
        raise StaleRevision(latest)
    return seen


def _is_repeated(latest: Revision, expected: int | None, sent: Revision) -> bool:
    return latest.parent_id == (expected or None) and all(
        getattr(latest, name) == getattr(sent, name) for name in ("action", "mask_hash", "seeds")
    )


def _append(
    session: Session,
    item: Item,
    newest: Revision | None,
    revision: Revision,
    author: int | None,
    parent: Revision | None = None,
) -> Revision:
    """Append `revision` after `newest`, the newest revision of `item`.

    `parent` is the revision that it is based on, `newest` when None.
    """
    parent = parent or newest
    seconds = revision.seconds_spent
    if seconds is not None and not 0 <= seconds < float("inf"):
        raise InvalidInputError(f"Seconds spent must be zero or more, not {seconds}.")
    if revision.mask_hash is not None:
        register_mask(session, revision.mask_hash, height=item.height, width=item.width)
    revision.author = None if author is None else get_user(session, author)
    revision.item_id = item.id
    revision.sequence = newest.sequence + 1 if newest else 1
    revision.parent_id = parent.id if parent else None
    revision.label_set_id = latest_label_set_id(session, item.dataset_id)
    try:
        with session.begin_nested():
            session.add(revision)
    except IntegrityError:
        # On PostgreSQL two writers can see the same parent; unique(item_id, sequence) lets one through.
        other = latest_revision(session, item.id)
        if other is None or (newest is not None and other.id == newest.id):
            raise
        raise StaleRevision(other) from None
    return revision
