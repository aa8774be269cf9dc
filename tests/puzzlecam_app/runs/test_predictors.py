"""A dataset with a published run is looked at by that run's model, and by the studio's own after undoing."""

from __future__ import annotations

from db.publications import finish_publications, note_undone, start_publication
from puzzlecam_app.proposing.predictors import Predictors
from puzzlecam_app.runs.folder import proposer
from tests.puzzlecam_app.runs.helpers import Runs


def publish(runs: Runs, run_id: int) -> int:
    with runs.database.write() as session:
        publication = start_publication(session, run_id, author=None).id
        finish_publications(session, run_id)
    return publication


def train(runs: Runs) -> int:
    """A run with a file where its classifier would be."""
    run_id = runs.start()
    model = runs.folder(run_id).train.model_path("classify")
    model.parent.mkdir(parents=True)
    model.touch()
    return run_id


def test_the_newest_publication_in_force_decides(runs: Runs) -> None:
    services = runs.services
    predictors = Predictors(
        runs.database, services.predictor, services.workspace.runs_dir, services.workspace.cams_dir
    )
    assert predictors.of(1) is services.predictor
    first, second = train(runs), train(runs)
    publish(runs, first)
    of_first = predictors.of(1)
    assert of_first is not services.predictor
    assert predictors.of(1) is of_first, "its model is loaded once"
    assert of_first.has_made(proposer(first), ["cat"]), "masks published from the run are its model's"
    publication = publish(runs, second)
    assert predictors.of(1) not in (services.predictor, of_first)
    with runs.database.write() as session:
        note_undone(session, publication, author=None)
    assert predictors.of(1) is of_first
    assert predictors.of(2) is services.predictor


def test_a_run_without_a_classifier_leaves_the_studios_own(runs: Runs) -> None:
    run_id = runs.start()
    publish(runs, run_id)
    services = runs.services
    predictors = Predictors(
        runs.database, services.predictor, services.workspace.runs_dir, services.workspace.cams_dir
    )
    assert predictors.of(1) is services.predictor
