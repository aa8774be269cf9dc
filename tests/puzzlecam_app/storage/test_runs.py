"""Finished runs are copied to a bucket, and published where their files are not."""

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from db.run_models import Run
from puzzlecam_app.app import create_api
from puzzlecam_app.errors import BusyError, UserError
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.proposing.predictors import Predictors
from puzzlecam_app.runs.publishing import publish
from puzzlecam_app.runs.stored import StoredRuns, copy_finished
from puzzlecam_app.services import Services
from puzzlecam_app.storage.bucket import Bucket
from puzzlecam_app.storage.urls import parse_url
from tests.puzzlecam_app.conftest import RED, add_colours
from tests.puzzlecam_app.runs.helpers import Runs, wait_until
from tests.puzzlecam_app.runs.test_predictors import publish as publish_row
from tests.puzzlecam_app.runs.test_predictors import train
from tests.puzzlecam_app.runs.test_publishing import finish, half
from tests.puzzlecam_app.storage.test_pictures import a_picture
from tests.s3 import S3Server

URL = "s3://photos/runs"


@pytest.fixture
def runs(s3: S3Server, make_services: Callable[..., Services], tmp_path: object) -> Runs:
    services = make_services(runs_url=URL)
    add_colours(services, services.workspace.root.parent / "pictures")
    return Runs(services)


def test_a_run_is_published_where_its_files_are_not(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    folder = runs.folder(run_id)
    (folder.train.path / "checkpoints").mkdir()
    (folder.train.path / "checkpoints" / "large.safetensors").write_bytes(b"large")
    assert "was copied" in copy_finished(URL, folder, runs.run(run_id), lambda: True)
    stored = Bucket(parse_url(URL)).list()
    assert stored
    assert not any("JPEGImages" in name or "checkpoints" in name for name in stored)

    shutil.rmtree(folder.path)
    with TestClient(create_api(runs.services), base_url="http://127.0.0.1:7860") as client:
        assert client.get(f"/api/runs/{run_id}").json()["unpublishable"] is None
    services = runs.services
    report = publish(services.database, services.masks, services.run_files(run_id), run_id, author="ann")
    assert report.published == 2
    assert folder.train.pseudo_path("a").is_file()


def test_a_worker_copies_a_run_that_is_done(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRAINER", "finish")
    runs.options = replace(runs.options, runs_url=URL)
    run_id = runs.start()
    with runs.worker():
        runs.wait_for(run_id, "done")
        wait_until(lambda: f"The run was copied to {URL}." in runs.messages(run_id))


def test_a_bucket_that_fails_leaves_the_run_as_it_is(runs: Runs, s3: S3Server) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED))
    folder, run = runs.folder(run_id), runs.run(run_id)
    s3.trouble = "error"
    said = copy_finished(URL, folder, run, lambda: True)
    assert "was not copied" in said
    assert f"run store {run_id}" in said
    assert folder.snapshot_path.is_file()
    shutil.rmtree(folder.path)
    with pytest.raises(BusyError, match="cannot be fetched"):
        runs.services.run_files(run_id)
    s3.trouble = ""
    with pytest.raises(UserError, match="there is no copy"):
        runs.services.run_files(run_id)
    assert [path for path in folder.path.parent.iterdir() if path.name.startswith(".new-")] == []


def test_half_a_copy_is_no_copy(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED))
    folder = runs.folder(run_id)
    assert "The worker ended" in copy_finished(URL, folder, runs.run(run_id), lambda: False)
    folder.path.rename(folder.path.with_name("away"))
    with pytest.raises(UserError, match="there is no copy"):
        StoredRuns(URL).bring(folder, runs.run(run_id))


def test_a_model_that_another_studio_published_is_fetched(runs: Runs) -> None:
    services = runs.services
    run_id = train(runs)
    with runs.database.write() as session:
        session.get_one(Run, run_id).status = "done"
    publish_row(runs, run_id)
    StoredRuns(URL).store(runs.folder(run_id), runs.run(run_id))
    shutil.rmtree(runs.folder(run_id).path)
    predictors = Predictors(
        runs.database,
        services.predictor,
        services.workspace.runs_dir,
        services.workspace.cams_dir,
        bring=services.run_files,
    )
    assert predictors.of(1) is services.predictor
    wait_until(lambda: predictors.of(1) is not services.predictor)


def test_a_worker_trains_on_pictures_of_a_bucket(
    s3: S3Server, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services()
    pets = Bucket(parse_url("s3://photos/pets"))
    pets.write("cat/1.png", a_picture(10))
    pets.write("dog/2.png", a_picture(20))
    import_dataset(services.stores, pets.url, "pets")
    runs = Runs(services)
    monkeypatch.setenv("FAKE_TRAINER", "finish")
    failing = runs.start()
    shutil.rmtree(services.workspace.pictures_dir)
    s3.trouble = "error"
    with runs.worker():
        failed = runs.wait_for(failing, "failed")
        assert "cannot be fetched from s3://photos/pets" in (failed.problem or "")
        s3.trouble = ""
        run_id = runs.start()
        runs.wait_for(run_id, "done")
    pictures = sorted((runs.folder(run_id).dataset / "JPEGImages").iterdir())
    assert [path.read_bytes() for path in pictures] == [a_picture(10), a_picture(20)]
