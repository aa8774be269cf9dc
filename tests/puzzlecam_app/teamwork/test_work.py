"""Who has done how much; a labeler sees only themselves."""

import csv
import io
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from tests.puzzlecam_app.people.conftest import as_person, studio, team  # noqa: F401 - fixtures

AsPerson = Callable[[str | None], TestClient]


def accept(client: TestClient, item: int, seconds: float) -> str:
    etag = client.get(f"/api/items/{item}/mask").headers["etag"]
    body = {"action": "accept", "seconds_spent": seconds}
    answer = client.post(f"/api/items/{item}/decision", json=body, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def draw(client: TestClient, item: int, strokes: int) -> None:
    mask = client.get(f"/api/items/{item}/mask")
    answer = client.put(
        f"/api/items/{item}/mask?strokes={strokes}",
        content=mask.content,
        headers={"If-Match": mask.headers["etag"]},
    )
    assert answer.status_code == 200, answer.text


@pytest.fixture
def worked(as_person: AsPerson) -> AsPerson:  # noqa: F811
    """The labeler has finished two pictures, one was returned, the lead finished the other."""
    etag = accept(as_person("labeler"), 1, 60)
    draw(as_person("labeler"), 2, strokes=7)
    accept(as_person("labeler"), 2, 30)
    accept(as_person("lead"), 2, 10)
    body = {"verdict": "returned"}
    as_person("reviewer").post("/api/items/1/second-look", json=body, headers={"If-Match": etag})
    return as_person


def test_a_lead_sees_everybodys_progress_and_when_all_is_finished(worked: AsPerson) -> None:
    work = worked("lead").get("/api/datasets/1/work").json()
    rows = {one.pop("name"): one for one in work["people"]}
    assert rows["labeler"] == {
        "finished": 2,
        "corrected": 0,
        "minutes": 1.5,
        "clicks": 0,
        "strokes": 7,
        "looks": 1,
        "returned": 1,
    }
    assert rows["lead"]["finished"] == 1
    assert [(one["name"], one["finished"]) for one in work["days"]] == [
        ("labeler", 2),
        ("lead", 1),
        ("reviewer", 0),
    ]
    assert work["unfinished"] == 2
    assert work["days_left"] == pytest.approx(14 / 3)


def test_a_lead_sees_what_is_left_of_each_class(worked: AsPerson) -> None:
    # Picture 1, blue and red, is to do again; picture 2, red, is finished; picture 3 has no tag.
    client = worked("lead")
    rows = client.get("/api/datasets/1/work").json()["classes"]
    text = client.get("/api/datasets/1/work/classes.csv").text
    found = {one["name"]: (one["unfinished"], one["finished"]) for one in rows}
    assert found == {"blue": (1, 0), "red": (1, 1)}
    assert [one["days_left"] for one in rows] == [None, 7]
    assert text.splitlines() == ["class,unfinished,finished_in_7_days,days_left", "blue,1,0,", "red,1,1,7.0"]
    assert worked("labeler").get("/api/datasets/1/work").json()["classes"] == []


def test_a_labeler_sees_only_their_own_progress(worked: AsPerson) -> None:
    work = worked("labeler").get("/api/datasets/1/work").json()
    assert [one["name"] for one in work["people"]] == ["labeler"]
    assert {one["name"] for one in work["days"]} == {"labeler"}
    assert work["days_left"] is None
    text = worked("labeler").get("/api/datasets/1/work.csv").text
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == ["labeler"]


def test_the_table_has_a_row_a_person_and_day(worked: AsPerson) -> None:
    text = worked("lead").get("/api/datasets/1/work.csv").text
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    found = [rows["labeler"][name] for name in ("finished", "minutes", "second_looks", "returned")]
    assert found == ["2", "1.5", "1", "1"]
