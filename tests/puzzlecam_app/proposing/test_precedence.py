"""Which proposal gives way to which."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from db.models import Revision
from puzzlecam_app.live.names import LiveName, step_of
from puzzlecam_app.live.view import LiveView
from puzzlecam_app.proposing.precedence import is_due
from trainer.contract import RUN_KIND, ZERO_SHOT_KIND

CAT, DOG = 1, 2
ZERO_SHOT, RUN = f"{ZERO_SHOT_KIND}-a", f"{RUN_KIND}b"


@dataclass
class Model:
    """The model of a dataset; `published` is the name of its run."""

    proposer: str
    published: str | None = None

    def has_made(self, proposed_by: str | None) -> bool:
        return proposed_by in (self.proposer, self.published)


class Knowledge:
    """Knows cats from some masks."""

    def __init__(self, masks: int, identity: str = "x") -> None:
        self.masks, self.identity = masks, identity

    def trust_in(self, class_index: int) -> float:
        return float(class_index == CAT)


def knows(masks: int, identity: str = "x") -> LiveView:
    return LiveView(knowledge=Knowledge(masks, identity))  # type: ignore[arg-type]


def proposed(by: str) -> Revision:
    return Revision(action="proposed", proposed_by=by)


def live(masks: int, prior: str = ZERO_SHOT, identity: str = "x") -> Revision:
    return proposed(str(LiveName(masks, identity, prior)))


@pytest.mark.parametrize("made_by", [ZERO_SHOT, RUN, "run/3"])
def test_the_live_model_replaces_proposals_of_the_maps_that_it_builds_on(made_by: str) -> None:
    prior = Model(RUN, "run/3") if made_by != ZERO_SHOT else Model(ZERO_SHOT)
    assert is_due(proposed(made_by), prior, knows(3), [CAT])


def test_a_picture_whose_tags_the_live_model_does_not_know_keeps_its_proposal() -> None:
    assert not is_due(proposed(ZERO_SHOT), Model(ZERO_SHOT), knows(3), [DOG])


@pytest.mark.parametrize("action", ["accepted", "corrected", "drafted", "rejected", "skipped", "reverted"])
def test_what_a_person_has_done_stays(action: str) -> None:
    assert not is_due(Revision(action=action), Model(ZERO_SHOT), knows(3), [CAT])


def test_imported_proposals_stay() -> None:
    assert not is_due(proposed("import"), Model(ZERO_SHOT), knows(3), [CAT])


def test_a_proposal_of_the_same_knowledge_is_not_made_again() -> None:
    assert not is_due(live(3), Model(ZERO_SHOT), knows(3), [CAT])


def test_newer_knowledge_replaces_older() -> None:
    assert is_due(live(3), Model(ZERO_SHOT), knows(4), [CAT])
    assert is_due(live(3, identity="y"), Model(ZERO_SHOT), knows(3), [CAT])


def test_ahead_of_review_only_a_step_in_the_number_of_masks_counts() -> None:
    assert not is_due(live(5), Model(ZERO_SHOT), knows(7), [CAT], is_ahead=True)
    assert is_due(live(5), Model(ZERO_SHOT), knows(8), [CAT], is_ahead=True)
    assert is_due(live(5, prior=ZERO_SHOT), Model(RUN), knows(5), [CAT], is_ahead=True)


def test_where_everything_was_taken_back_the_prior_proposes_again() -> None:
    assert is_due(live(1), Model(ZERO_SHOT), LiveView(), [CAT])


def test_a_paused_live_model_leaves_its_proposals() -> None:
    assert not is_due(live(1), Model(ZERO_SHOT), LiveView(is_paused=True), [CAT])


def test_a_newly_published_run_becomes_what_the_live_model_builds_on() -> None:
    assert is_due(live(4), Model(RUN, "run/3"), knows(4), [CAT])
    assert is_due(proposed("run/3"), Model(RUN, "run/3"), knows(4), [CAT])
    assert not is_due(live(4, prior=RUN), Model(RUN, "run/3"), knows(4), [CAT])


def test_a_zero_shot_proposal_never_replaces_that_of_a_run() -> None:
    assert not is_due(proposed(RUN), Model(ZERO_SHOT))
    assert is_due(proposed(ZERO_SHOT), Model(RUN))


def test_names_can_be_read_again() -> None:
    name = LiveName(12, "1f3a", "zero-shot-v3/x+y")
    assert LiveName.parse(str(name)) == name
    assert LiveName.parse("run/3") is None


def test_steps_grow() -> None:
    assert [masks for masks in range(1, 33) if step_of(masks) > step_of(masks - 1)] == [
        1, 2, 3, 5, 8, 12, 20, 32,
    ]  # fmt: skip
