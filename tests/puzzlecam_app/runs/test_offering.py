"""Enough accepted masks since the last run, and the Runs page offers another."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from db.annotations import append_revision, latest_revision
from db.run_models import Run
from puzzlecam_app.runs.offering import expectation, run_offers
from puzzlecam_app.settings import Settings
from tests.puzzlecam_app.conftest import RED
from tests.puzzlecam_app.runs.helpers import Runs
from tests.puzzlecam_app.runs.test_starting import accept
from trainer.recipes import load_recipe


def offers(runs: Runs, enough: int) -> list[dict]:
    with runs.database.read() as session:
        return run_offers(session, enough)


def change(runs: Runs, run_id: int, **values: object) -> None:
    with runs.database.write() as session:
        run = session.get_one(Run, run_id)
        for name, value in values.items():
            setattr(run, name, value)


def test_nothing_is_offered_before_there_are_enough(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    assert offers(runs, 2) == []
    accept(runs.services, 2, RED)
    offer = offers(runs, 2)[0]
    assert (offer["dataset_id"], offer["new"], offer["accepted"], offer["pictures"]) == (1, 2, 2, 2)
    assert (offer["since"], offer["split"]) == (None, "all")


def test_masks_that_a_run_has_learned_from_are_not_counted_again(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    run_id = runs.start(name="first", split="train")
    assert offers(runs, 1) == []
    accept(runs.services, 2, RED)
    offer = offers(runs, 1)[0]
    assert (offer["new"], offer["accepted"]) == (1, 2)
    assert (offer["since"], offer["split"]) == ({"id": run_id, "name": "first"}, "train")


def test_a_decision_that_is_taken_back_does_not_count(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    with runs.database.write() as session:
        newest = latest_revision(session, 1)
        assert newest is not None
        append_revision(session, 1, expected=newest.id, action="rejected", author=None, mask_hash=None)
    assert offers(runs, 1) == []


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_run_that_taught_nothing_leaves_the_offer_standing(runs: Runs, status: str) -> None:
    accept(runs.services, 1, RED)
    change(runs, runs.start(), status=status)
    assert offers(runs, 1)[0]["since"] is None


def test_a_run_that_does_not_use_accepted_masks_leaves_the_offer_standing(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    recipe = load_recipe("tiny", ("use_accepted=false",)).model_dump(mode="json")
    change(runs, runs.start(), recipe=recipe)
    assert offers(runs, 1)[0]["since"] is None


def test_zero_offers_nothing(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    assert offers(runs, 0) == []


def test_what_is_expected_is_what_runs_with_fewer_and_more_masks_reached(runs: Runs) -> None:
    run_id = runs.start()
    row = {"name": "pseudo", "honest": {"miou": 0.512}}
    change(runs, run_id, status="done", metrics={"rows": [row]})
    accept(runs.services, 1, RED)
    assert f"run {run_id} with 0 accepted masks reached 51.2 % mIoU" in offers(runs, 1)[0]["expects"]
    one = {"id": 1, "split": "train", "accepted": 0, "miou": 0.5}
    two = {"id": 2, "split": "train", "accepted": 60, "miou": 0.55}
    between = {"id": 3, "split": "train", "accepted": 30, "miou": 0.53}
    assert expectation([two, between, one]) == (
        "So far, run 1 with 0 accepted masks reached 50.0 % mIoU, run 2 with 60 accepted masks reached "
        "55.0 % mIoU, on the pictures without an accepted mask."
    )
    assert "cannot be compared" in expectation([one, {**two, "split": "all"}])
    assert "unknown" in expectation([{**one, "miou": None}])


def test_the_page_gets_the_offers_under_the_setting(client: TestClient, runs: Runs) -> None:
    accept(runs.services, 1, RED)
    assert client.get("/api/runs/offers").json() == {"offers": []}
    assert Settings.load({"PUZZLECAM_OFFER_RUN_AFTER": "7"}).offer_run_after == 7
    assert Settings.load({}).offer_run_after == 50
