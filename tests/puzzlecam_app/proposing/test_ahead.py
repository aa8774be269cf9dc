"""Proposals of a dataset are computed one after the other, and give way to what somebody waits for."""

from __future__ import annotations

import threading

import pytest

from db.errors import NotFoundError
from puzzlecam_app.proposing.ahead import compute_in_turn, plan_ahead
from puzzlecam_app.services import Services


def test_pictures_are_due_until_they_are_computed(services: Services) -> None:
    plan = plan_ahead(services.database, services.proposals, 1)
    assert plan.due
    steps: list[tuple[int, int]] = []

    outcome = compute_in_turn(
        services.proposals, plan.due, lambda *step: steps.append(step), threading.Event()
    )

    assert (outcome.computed, outcome.failures, outcome.remaining) == (len(plan.due), (), 0)
    assert steps[-1] == (len(plan.due), len(plan.due))
    again = plan_ahead(services.database, services.proposals, 1)
    assert (again.due, again.present) == ([], plan.present + len(plan.due))


def test_a_stop_leaves_the_rest(services: Services) -> None:
    plan = plan_ahead(services.database, services.proposals, 1)
    stop = threading.Event()

    def stop_at_the_second(done: int, total: int) -> None:
        if done == 1:
            stop.set()

    outcome = compute_in_turn(services.proposals, plan.due, stop_at_the_second, stop)

    assert (outcome.computed, outcome.remaining) == (1, len(plan.due) - 1)


def test_a_picture_that_somebody_opens_only_delays_the_others(services: Services) -> None:
    plan = plan_ahead(services.database, services.proposals, 1)

    outcome = compute_in_turn(
        services.proposals, plan.due, lambda *_: services.proposals.prefetch([], "ann"), threading.Event()
    )

    assert outcome.computed == len(plan.due)


def test_an_unknown_dataset_is_named(services: Services) -> None:
    with pytest.raises(NotFoundError):
        plan_ahead(services.database, services.proposals, 99)
