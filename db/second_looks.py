"""Second looks: a reviewer approves a finished mask, or returns it to its labeler. Off by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.annotations import append_revision, history, latest_revision
from db.assignments import assign
from db.conflicts import StaleRevision
from db.datasets import get_dataset
from db.errors import InvalidInputError, NothingToDecideError
from db.hidden_copies import seen_by
from db.items import get_item
from db.models import Item, Revision
from db.queue_filter import SecondLookFilter
from db.status import STATUS_GROUPS
from db.team_models import RULE_NAMES, RuleName, SecondLook, SecondLookRule

Verdict = Literal["approved", "returned"]
MOST: Final = 1_000_000


@dataclass(frozen=True)
class Rule:
    """Which finished pictures get a second look; see `db.team_models.SecondLookRule`."""

    rule: RuleName = "off"
    number: int = 1


def rule_of(session: Session, dataset_id: int) -> Rule:
    """The rule of a dataset."""
    return rules_by_dataset(session, [dataset_id])[dataset_id]


def rules_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, Rule]:
    """`rule_of` of many datasets, by their ids, in one query."""
    rules = dict.fromkeys(dataset_ids, Rule())
    for row in session.scalars(select(SecondLookRule).where(SecondLookRule.dataset_id.in_(dataset_ids))):
        rules[row.dataset_id] = Rule(next(name for name in RULE_NAMES if name == row.rule), row.number)
    return rules


def set_rule(session: Session, dataset_id: int, rule: Rule) -> None:
    """Choose which finished pictures of a dataset get a second look."""
    get_dataset(session, dataset_id)
    if not 1 <= rule.number <= (100 if rule.rule == "doubt" else MOST):
        raise InvalidInputError(f"The rule {rule.rule!r} cannot have the number {rule.number}.")
    session.merge(SecondLookRule(dataset_id=dataset_id, rule=rule.rule, number=rule.number))
    session.flush()


def waiting(session: Session, dataset_id: int, viewer: int | None) -> SecondLookFilter:
    """The filter of pictures that wait for a second look of `viewer` (users.id): none are their own work."""
    rule = rule_of(session, dataset_id)
    rank = None
    if rule.rule == "doubt":
        known = select(Item.doubt_rank).where(
            Item.dataset_id == dataset_id,
            Item.missing_since.is_(None),
            Item.doubt_rank <= 0,
            seen_by(None),
        )
        count = session.scalar(select(func.count()).select_from(known.subquery())) or 0
        last = max(0, -(-count * rule.number // 100) - 1)
        rank = session.scalar(known.order_by(Item.doubt_rank).offset(last).limit(1))
    return SecondLookFilter("waiting", rule.rule, rule.number, viewer, rank)


def look(
    session: Session, item_id: int, *, reviewer: int, verdict: Verdict, expected: int | None
) -> Revision:
    """Approve the newest mask of a picture, or return it to its labeler; returns the newest revision.

    A returned picture has the status ``returned`` and is assigned to its labeler. A reviewer may change a
    mask first, and then approves their own version of the labeler's work; they cannot approve what is only
    their own. `expected` is the id of the revision that the reviewer has seen.

    Raises:
        StaleRevision: Somebody has saved another mask since.
        NothingToDecideError: The picture is not finished, or is the reviewer's own work.
    """
    newest = latest_revision(session, item_id)
    if newest is not None and _is_repeated(session, newest, reviewer, verdict, expected):
        return newest
    if (newest.id if newest else None) != (expected or None):
        raise StaleRevision(newest)
    if newest is None or newest.action not in STATUS_GROUPS["done"]:
        raise NothingToDecideError("The picture is not finished, so nobody can take a second look at it.")
    work = newest if newest.author_id != reviewer else _work_of_another(session, item_id, reviewer)
    if work is None or work.author_id is None:
        raise NothingToDecideError("This mask is your own work; another person takes the second look.")
    session.add(
        SecondLook(
            item_id=item_id,
            revision_id=newest.id,
            changed_from_id=None if work is newest else work.id,
            labeler_id=work.author_id,
            reviewer_id=reviewer,
            verdict=verdict,
        )
    )
    if verdict == "approved":
        session.flush()
        return newest
    returned = append_revision(
        session,
        item_id,
        expected=newest.id,
        action="returned",
        author=reviewer,
        mask_hash=newest.mask_hash,
    )
    assign(session, {work.author_id: [item_id]}, assigned_by=reviewer)
    return returned


def looks_at(session: Session, item_id: int) -> list[SecondLook]:
    """All second looks at a picture, the newest first."""
    get_item(session, item_id)
    rows = select(SecondLook).where(SecondLook.item_id == item_id)
    return list(session.scalars(rows.order_by(SecondLook.id.desc())))


def _work_of_another(session: Session, item_id: int, reviewer: int) -> Revision | None:
    """The newest finished mask of somebody else."""
    finished = [one for one in history(session, item_id) if one.action in STATUS_GROUPS["done"]]
    return next((one for one in reversed(finished) if one.author_id != reviewer), None)


def _is_repeated(
    session: Session, newest: Revision, reviewer: int, verdict: Verdict, expected: int | None
) -> bool:
    """Whether the same was sent before, and only the answer was lost."""
    seen = newest.parent_id if verdict == "returned" else newest.id
    if seen != expected or (verdict == "returned" and newest.action != "returned"):
        return False
    last = session.scalar(
        select(SecondLook).where(SecondLook.item_id == newest.item_id).order_by(SecondLook.id.desc()).limit(1)
    )
    return last is not None and (last.revision_id, last.reviewer_id, last.verdict) == (
        seen,
        reviewer,
        verdict,
    )
