"""Which of the pictures that are shared out several people label, and who gets gold pictures."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db.copies import authors_of, copies_in, make_copy, worked_on
from db.gold import gold_pictures


@dataclass(frozen=True)
class CopyPlan:
    """How many of the pictures several people get: `percent` (0..100) of them go to `people` (2 or more)."""

    percent: float
    people: int = 2
    seed: int = 0


def plan_copies(
    shares: Mapping[int, Sequence[int]], plan: CopyPlan, taken: Iterable[int] = ()
) -> list[tuple[int, int]]:
    """Choose pictures at random, and who else labels each of them: pairs of item id and users.id.

    Args:
        shares: item ids by the person (users.id) who labels the picture itself.
        plan: how many.
        taken: pictures that somebody has worked on already; they are never chosen, because what was done
            before could have been seen.

    The others of a picture are those who have the fewest copies until then, so that all get equally many.
    """
    owners = {item_id: user_id for user_id, items in shares.items() for item_id in items}
    free = sorted(owners.keys() - set(taken))
    wanted = min(len(free), -(-len(owners) * plan.percent // 100))
    drawn = random.Random(plan.seed)  # noqa: S311 - a sample, not a secret
    chosen = drawn.sample(free, int(wanted))
    given = dict.fromkeys(shares, 0)
    pairs: list[tuple[int, int]] = []
    for item_id in chosen:
        others = [one for one in shares if one != owners[item_id]]
        drawn.shuffle(others)
        for user_id in sorted(others, key=given.__getitem__)[: plan.people - 1]:
            given[user_id] += 1
            pairs.append((item_id, user_id))
    return pairs


def share_copies(session: Session, shares: Mapping[int, Sequence[int]], plan: CopyPlan, made_by: int) -> int:
    """Make the copies that `plan_copies` chooses; returns how many."""
    items = [item_id for share in shares.values() for item_id in share]
    pairs = plan_copies(shares, plan, worked_on(session, items))
    made = [make_copy(session, item_id, user_id, made_by=made_by) for item_id, user_id in pairs]
    return sum(one is not None for one in made)


def copied_for(session: Session, dataset_id: int, people: Iterable[int]) -> set[int]:
    """Pictures of which one of these people (users.id) has a copy; they must not get the picture itself."""
    wanted = set(people)
    return {one.of_item_id for one in copies_in(session, dataset_id) if one.user_id in wanted}


def give_gold(
    session: Session, dataset_id: int, people: Iterable[int], count: int, made_by: int
) -> dict[int, int]:
    """Give each person (users.id) copies of up to `count` gold pictures; returns how many each one got.

    Nobody gets a picture that they have worked on, or had before.
    """
    gold = gold_pictures(session, dataset_id)
    authors = {one.item_id: authors_of(session, one.item_id) for one in gold}
    given: dict[int, int] = {}
    for turn, user_id in enumerate(people):
        given[user_id] = 0
        start = turn % max(1, len(gold))
        for one in gold[start:] + gold[:start]:
            if given[user_id] == count:
                break
            if user_id in authors[one.item_id]:
                continue
            made = make_copy(session, one.item_id, user_id, is_gold=True, made_by=made_by)
            given[user_id] += made is not None
    return given
