"""The Lab shows the live model like any other model."""

import numpy as np
import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.lab.models import ModelKey
from puzzlecam_app.lab.sides import side
from puzzlecam_app.lab.store import pack_look, unpack_look
from puzzlecam_app.lab.wording import class_facts, model_facts
from puzzlecam_app.services import Services
from tests.puzzlecam_app.live.conftest import green_mask, record

LIVE = ModelKey.parse("live")


@pytest.fixture
def taught(live: Services) -> Services:
    """Two pictures are corrected."""
    for item_id in (1, 2):
        record(live, item_id, "corrected", green_mask(item_id))
    assert live.live.catch_up(1) == 0
    return live


def test_the_live_model_can_be_chosen_once_it_has_learned(live: Services) -> None:
    item = live.lab.item(4)
    assert "live" not in [choice.key for choice in live.lab.models.choices(item)]
    with pytest.raises(UserError, match="has not learned anything"):
        live.lab.model(LIVE, item)

    record(live, 1, "corrected", green_mask(1))
    assert live.live.catch_up(1) == 0

    titles = {choice.key: choice.title for choice in live.lab.models.choices(item)}
    assert titles["live"] == "Live model (1 mask)"


def test_its_maps_and_mask_are_those_of_the_proposal(taught: Services) -> None:
    item = taught.lab.item(4)
    model = taught.lab.model(LIVE, item)
    shown = taught.lab.look(item, model)

    proposal = taught.proposals.compute(4)

    assert shown.live_thw is not None
    np.testing.assert_allclose(shown.final_thw, proposal.cams_khw, atol=2e-3)
    assert np.abs(shown.final_thw - shown.steps.cams_thw).max() > 0.1, "something was learned"
    assert model_facts(model).title == "live model, learned from 2 masks, on the zero-shot model"


def test_the_learned_score_says_where_maps_are_raised_and_lowered(taught: Services) -> None:
    item = taught.lab.item(4)
    shown = taught.lab.look(item, taught.lab.model(LIVE, item))
    assert shown.learned_thw is not None
    assert shown.live_thw is not None
    raised = shown.live_thw - shown.steps.cams_thw
    assert (raised[shown.learned_thw > 0.6] >= 0).all()
    assert (shown.learned_thw > 0.6).any()


def test_what_is_stored_contains_the_steps_of_the_live_model(taught: Services) -> None:
    item = taught.lab.item(4)
    made = taught.lab.look(item, taught.lab.model(LIVE, item))
    stored = unpack_look(*pack_look(made), item, lambda: made.image)
    np.testing.assert_array_equal(stored.final_thw, made.final_thw)


def test_it_is_compared_with_the_zero_shot_model(taught: Services) -> None:
    item = taught.lab.item(4)
    before, after = (side(taught.lab, item, ModelKey.parse(key)) for key in ("proposer", "live"))
    assert after.identity != before.identity
    assert (after.mask != before.mask).any()


def test_a_class_that_the_classifier_does_not_know_is_no_guess_once_masks_have_proved_it(
    taught: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(taught, 3, "corrected", green_mask(3))
    assert taught.live.catch_up(1) == 0
    item = taught.lab.item(4)

    def is_weak() -> bool:
        model = taught.lab.model(LIVE, item)
        monkeypatch.setattr(type(model.sources.first), "is_weak", lambda *_: True)
        return class_facts(model, taught.lab.look(item, model), [0])[0].weak

    assert is_weak()
    assert taught.live.measure(1)
    assert not is_weak()
