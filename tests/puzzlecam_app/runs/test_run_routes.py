"""The Runs page's own routes: the form, the run, its pictures, publishing, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.models import utc_now
from db.run_models import Run, RunEvent
from puzzlecam_app.runs.curves import MAX_POINTS, curve_table, curves
from puzzlecam_app.runs.form import COMMON, FormError, form_fields, recipe_from_answers
from puzzlecam_app.runs.jobs import Jobs
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import RED
from tests.puzzlecam_app.runs.helpers import Runs, wait_until
from tests.puzzlecam_app.runs.test_publishing import finish, half
from tests.puzzlecam_app.runs.test_starting import accept
from trainer.recipes import load_recipe
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.training.cam_film import frame_path

WANTED = {"dataset_id": 1, "recipe": "tiny"}


def done(client: TestClient, url: str) -> dict[str, Any]:
    """The result of a job, when it is there."""
    answer: dict[str, Any] = {}

    def is_done() -> bool:
        answer.update(client.get(url).json())
        return answer["state"] != "running"

    wait_until(is_done)
    return answer


def test_a_run_is_started_listed_and_described(client: TestClient) -> None:
    settings = {"classify.epochs": 3, "cams.scales": [0.5, 1], "classify.ema_decay": 0.9}
    started = client.post("/api/runs", json={**WANTED, "settings": settings, "name": "first"})
    assert (started.status_code, started.json()["status"]) == (201, "queued")
    listed = client.get("/api/runs").json()
    assert (listed["is_busy"], [run["name"] for run in listed["runs"]]) == (True, ["first"])
    described = client.get("/api/runs/1").json()
    assert described["run"]["learns_from"].startswith("Tags of 2 pictures.")
    assert described["run"]["recipe"]["classify"]["epochs"] == 3
    assert described["run"]["recipe"]["cams"]["scales"] == [0.5, 1.0]
    assert "not made its pseudo-masks" in described["unpublishable"]
    assert client.get("/api/runs/1/log").json() == {"lines": []}
    assert client.get("/api/runs/1/curves").json() == {"last": 0, "stages": {}}
    assert client.get("/api/runs/1/curves.csv").text == "stage,step,learning_rate\n"


def test_mistakes_are_told_at_their_fields(client: TestClient) -> None:
    settings = {
        "classify.epochs": -1,
        "classify.optimizer.momentum": "much",
        "cams.scales": [],
        "segment.view.min_side": 9999,
        "affinity.accumulate": 3,
        "backbone.nonsense": 1,
    }
    unknown = client.post("/api/runs", json={**WANTED, "settings": settings})
    assert unknown.json()["fields"] == {"backbone.nonsense": "there is no such setting"}
    del settings["backbone.nonsense"]
    refused = client.post("/api/runs", json={**WANTED, "settings": settings})
    assert refused.status_code == 422
    assert set(refused.json()["fields"]) == {
        "classify.epochs",
        "classify.optimizer.momentum",
        "cams.scales",
        "segment.view.min_side",
        "affinity.batch_size",
    }
    assert client.get("/api/runs").json()["runs"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"recipe": "../../etc/passwd.toml"}, 422),
        ({"recipe": "dream"}, 422),
        ({"dataset_id": 7}, 404),
        ({"split": "val"}, 422),
        ({"device": "cpu; rm -rf"}, 422),
        ({"cloned_from": 9}, 404),
        ({"name": "x" * 200}, 422),
    ],
)
def test_what_cannot_be_started_is_refused(client: TestClient, change: dict[str, Any], status: int) -> None:
    assert client.post("/api/runs", json={**WANTED, **change}).status_code == status


def test_the_form_is_made_from_the_schema(client: TestClient) -> None:
    form = client.get("/api/runs/form/settings").json()
    fields = {field["name"]: field for field in form["fields"]}
    epochs, statistics = fields["classify.epochs"], fields["classify.batch_statistics"]
    assert (epochs["kind"], epochs["minimum"], epochs["is_common"]) == ("integer", 0, True)
    assert "Passes over the pictures" in epochs["description"]
    assert (statistics["kind"], statistics["choices"]) == ("choice", ["batch", "frozen", "group"])
    assert fields["classify.ema_decay"]["is_optional"]
    assert (fields["cams.scales"]["kind"], fields["seed"]["kind"]) == ("numbers", "integer")
    assert fields["classify.optimizer.momentum"]["is_maximum_exclusive"]
    tiny = next(recipe for recipe in form["recipes"] if recipe["name"] == "tiny")
    assert set(fields) <= set(tiny["values"]), "every field has a value in every recipe"
    assert {name for name in COMMON if name in fields} == {
        name for name, field in fields.items() if field["is_common"]
    }


def test_a_clone_starts_from_the_settings_of_its_run(client: TestClient) -> None:
    client.post("/api/runs", json={**WANTED, "settings": {"seed": 7}})
    client.post("/api/runs", json={**WANTED, "cloned_from": 1, "settings": {"classify.epochs": 1}})
    recipe = client.get("/api/runs/2").json()["run"]["recipe"]
    assert (recipe["seed"], recipe["classify"]["epochs"]) == (7, 1)
    compared = client.get("/api/runs/compare/side-by-side?ids=1&ids=2").json()
    assert compared["settings"] == [{"setting": "classify.epochs", "values": [2, 1]}]
    assert [item["name"] for item in compared["items"]] == ["a", "b"]


def test_what_a_run_learns_from_is_told_before_it_starts(client: TestClient, services: Services) -> None:
    accept(services, 1, RED)
    url = "/api/runs/form/supervision?dataset_id=1"
    answer = client.get(url).json()
    assert answer["splits"] == {"all": 2, "train": 2}
    assert answer["sentence"] == (
        "Tags of 2 pictures; 1 accepted mask. 1 picture has no tags and is left out."
    )
    assert "is not used" in client.get(f"{url}&use_accepted=false").json()["sentence"]


def test_runs_are_steered(client: TestClient) -> None:
    for _ in range(2):
        client.post("/api/runs", json=WANTED)
    client.post("/api/runs/reorder", json={"runs": [2, 1]})
    assert [run["id"] for run in client.get("/api/runs").json()["runs"]] == [2, 1]
    assert client.post("/api/runs/1/stop").json()["status"] == "cancelled"
    again = client.post("/api/runs/1/stop")
    assert (again.status_code, "has ended" in again.json()["message"]) == (409, True)
    assert client.post("/api/runs/1/resume").json() == {"status": "queued"}
    assert client.post("/api/runs/1/name", json={"name": "  better "}).json() == {"name": "better"}
    assert client.delete("/api/runs/1").status_code == 422
    client.post("/api/runs/1/stop")
    assert client.delete("/api/runs/1").status_code == 200
    assert client.get("/api/runs/1").status_code == 404


def test_publishing_is_previewed_done_and_taken_back(client: TestClient, runs: Runs) -> None:
    accept(runs.services, 1, RED)
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    url = f"/api/runs/{run_id}/publish"
    assert client.get(f"{url}/preview").status_code == 404
    client.post(f"{url}/preview", json={})
    counts = done(client, f"{url}/preview")["result"]["counts"]
    assert counts == {"changed": 0, "new": 1, "unchanged": 0, "kept": 1, "left out": 0}
    client.post(url, json={})
    assert done(client, url)["result"]["published"] == 1
    assert client.get("/api/runs").json()["runs"][0]["is_published"]
    assert client.get("/api/items/2").json()["revision"]["proposed_by"] == f"run/{run_id}"
    assert client.post("/api/runs/prune", json={"runs": [run_id]}).status_code == 422
    client.post(f"/api/runs/{run_id}/unpublish")
    assert done(client, url)["result"] == {"restored": 1, "kept": 0}
    assert client.get("/api/items/2").json()["status"] == "new"
    assert client.post("/api/runs/prune", json={"keep_gb": 0}).json()["runs"] == [run_id]


def test_an_item_that_is_new_again_gets_a_proposal_when_it_is_opened(client: TestClient, runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    client.post(f"/api/runs/{run_id}/publish", json={})
    done(client, f"/api/runs/{run_id}/publish")
    client.post(f"/api/runs/{run_id}/unpublish")
    done(client, f"/api/runs/{run_id}/publish")
    assert client.get("/api/items/2/mask").status_code == 200
    assert client.get("/api/items/2").json()["revision"]["proposed_by"].startswith("zero-shot")


def test_pictures_of_a_run_are_small_jpegs(client: TestClient, runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED))
    maps = ClassMaps((RED,), (48, 64), np.ones((1, 6, 8), np.float32))
    save_maps(frame_path(runs.folder(run_id).train.film_path, 1, "a"), maps)
    with runs.database.write() as session:
        data = {"epoch": 1, "pictures": ["a"]}
        session.add(
            RunEvent(run_id=run_id, sequence=1, time=utc_now(), kind="film", stage="classify", data=data)
        )
    assert client.get(f"/api/runs/{run_id}").json()["film"] == [{"epoch": 1, "pictures": ["a"]}]
    for path in ("film/1/0", "pictures/1/pseudo", "pictures/1/photograph"):
        answer = client.get(f"/api/runs/{run_id}/{path}")
        assert answer.status_code == 200, path
        with Image.open(io.BytesIO(answer.content)) as image:
            assert (image.format, max(image.size) <= 240) == ("JPEG", True)
    for path in ("film/2/0", "film/1/5", "pictures/3/pseudo", "pictures/1/nonsense"):
        assert client.get(f"/api/runs/{run_id}/{path}").status_code in (404, 422), path
    missing = client.get(f"/api/runs/{run_id}/pictures/2/pseudo")
    assert missing.json()["message"] == "the run has not made this yet"


def test_disk_space_is_told_largest_first(client: TestClient, runs: Runs) -> None:
    small, large = runs.start(), runs.start()
    finish(runs, large, a=half(RED))
    answer = client.get("/api/runs/storage").json()
    assert [run["id"] for run in answer["runs"]] == [large, small]
    assert answer["total"] == sum(run["bytes"] for run in answer["runs"])
    assert client.post("/api/runs/prune", json={}).status_code == 422


def test_an_earlier_run_with_the_same_settings_is_the_best_estimate(client: TestClient, runs: Runs) -> None:
    run_id = runs.start()
    with runs.database.write() as session:
        session.get_one(Run, run_id).status = "done"
        for number, (kind, data) in enumerate(
            [("stage_finished", {"seconds": 10.0}), ("step", {"memory_mb": 700, "step": 1, "steps": 1})], 1
        ):
            event = RunEvent(
                run_id=run_id, sequence=number, time=utc_now(), kind=kind, stage="classify", data=data
            )
            session.add(event)
    answer = client.post("/api/runs/form/estimate", json={**WANTED, "settings": {"seed": 3}}).json()
    assert (answer["state"], answer["result"]["total_s"], answer["result"]["memory_mb"]) == (
        "done",
        10.0,
        700,
    )
    assert f"Run {run_id} took this long" in answer["result"]["basis"]


def test_without_one_a_few_steps_are_timed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "puzzlecam_app.runs.estimating.by_measuring",
        lambda recipe, pictures, device, cancelled: {
            "seconds": {"classify": 2.0 * pictures},
            "total_s": 2.0 * pictures,
            "memory_mb": 700,
            "basis": "Timed.",
        },
    )
    answer: dict[str, Any] = {}

    def is_done() -> bool:
        answer.update(client.post("/api/runs/form/estimate", json=WANTED).json())
        return answer["state"] != "running"

    wait_until(is_done)
    assert answer["result"] == {
        "seconds": {"classify": 4.0},
        "total_s": 4.0,
        "memory_mb": 700,
        "basis": "Timed.",
    }


@pytest.mark.parametrize("name", ["backbone.weights", "cams.clip_weights", "saliency.folder"])
def test_no_page_names_a_file_of_the_machine(name: str) -> None:
    assert name not in {field.name for field in form_fields()}
    with pytest.raises(FormError):
        recipe_from_answers("tiny", {name: "/etc/passwd"})


def test_answers_must_fit_the_recipe() -> None:
    assert recipe_from_answers("tiny", {}) == load_recipe("tiny")
    assert recipe_from_answers(load_recipe("tiny").model_dump(mode="json"), {"seed": 4}).seed == 4
    with pytest.raises(FormError) as refused:
        recipe_from_answers("tiny", {"classify.batch_size": "many"})
    assert list(refused.value.fields) == ["classify.batch_size"]
    assert len({field.name for field in form_fields()}) == len(form_fields())


def event(step: int, loss: float) -> RunEvent:
    data = {"step": step, "steps": 5000, "losses": {"loss": loss}}
    return RunEvent(run_id=1, sequence=0, time=utc_now(), kind="step", stage="classify", data=data)


def test_steps_that_were_done_twice_count_once() -> None:
    drawn = curves([event(1, 5.0), event(2, 4.0), event(3, 3.0), event(2, 3.5)])["classify"]
    assert (drawn["steps"], drawn["losses"]["loss"]) == ([1, 2], [5.0, 3.5])


def test_the_table_of_curves_has_every_step() -> None:
    columns, rows = curve_table([event(step, float(step)) for step in range(1, 2001)])
    assert columns == ["stage", "step", "learning_rate", "loss"]
    assert len(rows) == 2000
    assert rows[-1] == ["classify", 2000, None, 2000.0]


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    drawn = curves([event(step, float(step)) for step in range(1, 4001)])["classify"]
    assert len(drawn["steps"]) <= MAX_POINTS
    assert (drawn["steps"][0], drawn["steps"][-1], drawn["total"]) == (1, 4000, 5000)


def test_the_same_job_runs_once_and_a_failure_is_a_sentence() -> None:
    jobs, started = Jobs(), []

    def work(report: Callable[[int, int], None]) -> None:
        started.append(1)
        report(1, 2)
        raise RuntimeError("secret")

    job = jobs.start("key", work)
    wait_until(lambda: job.state == "failed")
    assert (job.done, job.total, "secret" in str(job.problem)) == (1, 2, False)
    jobs.forget("key")
    assert jobs.get("key") is None
