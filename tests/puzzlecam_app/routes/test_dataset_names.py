"""Datasets get other names, are removed by typing their name, and come back."""

from fastapi.testclient import TestClient

from db.datasets import create_dataset
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
