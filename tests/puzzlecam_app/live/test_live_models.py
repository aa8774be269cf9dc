"""The live model of a dataset always equals what the history says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from db.live import record_live_change
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import RED
from tests.puzzlecam_app.live.conftest import (
    SIDE,
    ColourEncoder,
    add_pictures,
    green_mask,
    newest,
    open_live,
    record,
)


def sums(services: Services) -> dict[str, NDArray[np.float64]]:
    """The sums of the model of dataset 1, after it has followed the history."""
    assert services.live.catch_up(1) == 0
    return services.live._learners[1].model.to_arrays()


def made_anew(services: Services, folder: Path) -> dict[str, NDArray[np.float64]]:
    """The sums that a studio without any files of its own makes from the same history."""
    other = open_live(folder / "anew", services.database)
    other.live._masks = services.masks
    try:
        return sums(other)
    finally:
        other.live_work.close()
        other.smart.close()
        other.proposals.close()


def teach(services: Services) -> None:
    """Correct the masks of three pictures, and wait until they are learned and tested."""
    for item_id in (1, 2, 3):
        record(services, item_id, "corrected", green_mask(item_id))
    sums(services)
    assert services.live.measure(1)


def assert_equal(one: dict[str, NDArray[np.float64]], other: dict[str, NDArray[np.float64]]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-6, atol=1e-9)


def test_accepting_a_mask_is_learned(live: Services) -> None:
    record(live, 1, "corrected", green_mask(1))
    sums(live)
    state = live.live.state(1)
    assert (state.masks, state.waiting) == (1, 0)
    assert {one.name: one.masks for one in state.classes} == {"blue": 0, "red": 1}


@pytest.mark.parametrize("action", ["reverted", "rejected", "skipped", "drafted"])
def test_taking_a_decision_back_is_forgotten_exactly(live: Services, action: str, tmp_path: Path) -> None:
    record(live, 1, "corrected", green_mask(1))
    before = sums(live)
    record(live, 2, "corrected", green_mask(2))
    sums(live)
    record(live, 2, action, green_mask(2))  # type: ignore[arg-type]
    assert_equal(sums(live), before)
    assert_equal(sums(live), made_anew(live, tmp_path))


def test_correcting_a_mask_again_replaces_what_it_taught(live: Services, tmp_path: Path) -> None:
    record(live, 1, "corrected", green_mask(2))
    sums(live)
    record(live, 1, "corrected", green_mask(1))
    assert_equal(sums(live), made_anew(live, tmp_path))
    assert live.live.state(1).masks == 1


steps = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["corrected", "accepted", "reverted", "rejected"]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, looks=st.integers(1, 3))
def test_whatever_was_decided_in_whatever_order_the_model_is_that_of_the_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]], looks: int
) -> None:
    folder = tmp_path_factory.mktemp("history")
    with open_live(folder) as services:
        add_pictures(services, folder / "pictures")
        for number, (item_id, action, seed) in enumerate(steps):
            record(services, item_id, action, green_mask(seed))  # type: ignore[arg-type]
            if number % looks == 0:
                sums(services)
        assert_equal(sums(services), made_anew(services, folder))


def test_a_restarted_studio_remembers_without_computing_anything(
    live: Services, make_live: Callable[..., Services]
) -> None:
    record(live, 1, "corrected", green_mask(1))
    before = sums(live)
    live.live.store(1)
    encoder = ColourEncoder()
    again = make_live(encoder=encoder)
    assert_equal(sums(again), before)
    assert encoder.computed == 0


def test_a_studio_killed_before_it_stored_the_sums_makes_them_again(
    live: Services, make_live: Callable[..., Services]
) -> None:
    record(live, 1, "corrected", green_mask(1))
    before = sums(live)
    assert_equal(sums(make_live()), before)


@pytest.mark.parametrize("damage", ["truncated", "emptied", "removed"])
def test_damaged_sums_are_made_again_from_the_history(
    live: Services, make_live: Callable[..., Services], damage: str
) -> None:
    record(live, 1, "corrected", green_mask(1))
    before = sums(live)
    live.live.store(1)
    for path in live.workspace.live_dir.rglob("*.safetensors"):
        content = path.read_bytes()
        if damage == "removed":
            path.unlink()
        else:
            path.write_bytes(b"" if damage == "emptied" else content[: len(content) // 2])
    assert_equal(sums(make_live()), before)


def test_a_mask_whose_evidence_is_lost_is_still_forgotten_exactly(live: Services, tmp_path: Path) -> None:
    record(live, 1, "corrected", green_mask(1))
    record(live, 2, "corrected", green_mask(2))
    sums(live)
    for path in live.workspace.live_dir.rglob("evidence/*"):
        path.unlink()
    record(live, 2, "rejected")
    assert_equal(sums(live), made_anew(live, tmp_path))


def test_two_studios_on_one_database_end_with_the_same_model(
    make_live: Callable[..., Services], database_url: str, tmp_path: Path
) -> None:
    live = make_live(url=database_url)
    add_pictures(live, tmp_path / "pictures")
    other = make_live(url=database_url)
    record(live, 1, "corrected", green_mask(1))
    sums(live)
    record(other, 2, "corrected", green_mask(2))
    sums(other)
    record(live, 1, "reverted", green_mask(1))
    record(other, 3, "corrected", green_mask(3))
    assert_equal(sums(live), sums(other))
    assert live.live.state(1).masks == other.live.state(1).masks == 2


def test_ignored_pictures_and_those_from_before_a_reset_teach_nothing(live: Services) -> None:
    record(live, 1, "corrected", green_mask(1))
    record(live, 2, "corrected", green_mask(2))
    sums(live)
    with live.database.write() as session:
        record_live_change(session, 1, "ignored", author=None, item_id=1)
    sums(live)
    assert live.live.state(1).masks == 1
    with live.database.write() as session:
        record_live_change(session, 1, "reset", author=None)
    sums(live)
    assert live.live.state(1).masks == 0
    record(live, 3, "corrected", green_mask(3))
    sums(live)
    assert live.live.state(1).masks == 1


def test_an_untouched_picture_gets_a_proposal_that_says_what_it_learned_from(live: Services) -> None:
    live.proposals.compute(4)
    teach(live)
    live.proposals.compute(4)
    proposal = newest(live, 4)
    assert proposal is not None
    assert str(proposal.proposed_by).startswith("live/3/")
    truth = green_mask(4) == RED
    found = live.masks.get(str(proposal.mask_hash)) == RED
    assert (found & truth).sum() / (found | truth).sum() > 0.7


def test_a_proposal_is_not_made_twice_from_the_same_knowledge(live: Services) -> None:
    teach(live)
    live.proposals.compute(4)
    first = newest(live, 4)
    live.proposals.compute(4)
    second = newest(live, 4)
    assert first is not None
    assert second is not None
    assert second.id == first.id


def test_what_a_person_has_done_is_never_replaced(live: Services) -> None:
    for item_id, action in ((2, "drafted"), (3, "rejected"), (4, "skipped"), (5, "accepted")):
        record(live, item_id, action, np.zeros((SIDE, SIDE), np.uint8))  # type: ignore[arg-type]
    before = [getattr(newest(live, item_id), "id", None) for item_id in (2, 3, 4, 5)]
    record(live, 1, "corrected", green_mask(1))
    sums(live)
    for item_id in (2, 3, 4, 5):
        live.proposals.compute(item_id)
        live.proposals.compute(item_id, is_renewal=True)
    assert [getattr(newest(live, item_id), "id", None) for item_id in (2, 3, 4, 5)] == before


def test_after_the_last_mask_is_taken_back_the_proposal_is_that_of_the_prior_again(live: Services) -> None:
    live.proposals.compute(4)
    first = newest(live, 4)
    teach(live)
    live.proposals.compute(4)
    for item_id in (1, 2, 3):
        record(live, item_id, "rejected")
    live.proposals.compute(4)
    last = newest(live, 4)
    assert first is not None
    assert last is not None
    assert (last.proposed_by, last.mask_hash) == (first.proposed_by, first.mask_hash)


def test_a_paused_model_neither_learns_nor_proposes(live: Services) -> None:
    live.proposals.compute(4)
    first = newest(live, 4)
    with live.database.write() as session:
        record_live_change(session, 1, "paused", author=None)
    for item_id in (1, 2, 3):
        record(live, item_id, "corrected", green_mask(item_id))
    sums(live)
    live.proposals.compute(4)
    assert getattr(newest(live, 4), "id", None) == getattr(first, "id", None)
    assert live.live.state(1).masks == 0
    with live.database.write() as session:
        record_live_change(session, 1, "resumed", author=None)
    sums(live)
    live.proposals.compute(4)
    assert str(getattr(newest(live, 4), "proposed_by", "")).startswith("live/3/")


def test_a_mask_measures_the_others_and_the_panel_says_so(live: Services) -> None:
    teach(live)
    red = live.live.state(1).classes[1]
    assert red.iou_before is not None
    assert red.iou_after is not None
    assert red.iou_after > red.iou_before


def test_measuring_stops_when_somebody_waits(live: Services) -> None:
    record(live, 1, "corrected", green_mask(1))
    sums(live)
    assert not live.live.measure(1, lambda: False)
    assert live.live.state(1).classes[1].iou_after is None


def test_a_proposal_of_the_live_model_may_be_renewed_although_nothing_is_learned_any_more(
    live: Services,
) -> None:
    teach(live)
    live.proposals.compute(4)
    made_by = getattr(newest(live, 4), "proposed_by", None)
    for item_id in (1, 2, 3):
        record(live, item_id, "rejected")
    sums(live)
    assert live.live.may_renew(1, made_by)
    assert not live.live.may_renew(1, "zero-shot-v2/model")
