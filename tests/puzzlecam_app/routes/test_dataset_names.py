"""Datasets get other names, are removed by typing their name, and come back."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from db.datasets import create_dataset
from db.labels import ClassSpec
from puzzlecam_app.services import Services


def names(client: TestClient) -> list[str]:
    return [one["name"] for one in client.get("/api/datasets").json()["datasets"]]


def test_a_dataset_gets_another_name_unless_it_is_taken(client: TestClient, services: Services) -> None:
    assert client.put("/api/datasets/1/name", json={"name": " paints "}).json()["name"] == "paints"
    with services.database.write() as session:
        create_dataset(session, "colours", root="/", layout="folder")
    assert client.put("/api/datasets/1/name", json={"name": "colours"}).status_code == 409
    assert names(client) == ["colours", "paints"]


def test_a_removed_dataset_comes_back_with_its_pictures(client: TestClient) -> None:
    refused = client.post("/api/datasets/1/remove", json={"name": "colour"})
    assert refused.status_code == 422
    assert client.post("/api/datasets/1/remove", json={"name": "colours"}).status_code == 204
    assert names(client) == []
    assert [one["name"] for one in client.get("/api/datasets/removed").json()] == ["colours"]
    assert client.post("/api/datasets/1/restore").json() == {"id": 1, "name": "colours"}
    assert client.get("/api/datasets/1/items").json()["total"] == 3


def test_a_dataset_whose_name_is_taken_stays_removed(client: TestClient, services: Services) -> None:
    client.post("/api/datasets/1/remove", json={"name": "colours"})
    with services.database.write() as session:
        create_dataset(session, "colours", root="/", layout="folder")
    answer = client.post("/api/datasets/1/restore")
    assert answer.status_code == 409
    assert "rename that one first" in answer.json()["message"]


def test_listing_more_datasets_takes_no_more_queries(client: TestClient, services: Services) -> None:
    sent: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    def queries() -> int:
        """The fewest of several requests: work in the background asks the same database now and then."""
        counts = []
        for _ in range(5):
            sent.clear()
            names(client)
            counts.append(len(sent))
        return min(counts)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        one = queries()
        with services.database.write() as session:
            for number in range(5):
                classes = [ClassSpec(1, "cat")]
                create_dataset(session, f"more {number}", root="/", layout="folder", classes=classes)
        assert queries() == one
        assert len(names(client)) == 6
    finally:
        event.remove(Engine, "before_cursor_execute", record)
