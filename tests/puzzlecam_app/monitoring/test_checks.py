"""Health names what is wrong, and its answer never waits for what it looks at."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from puzzlecam_app.monitoring import checks
from puzzlecam_app.monitoring.checks import Check, Finding, HealthChecks, look_at_disk, worst
from puzzlecam_app.services import Services


def test_each_check_has_a_name_and_the_whole_is_as_ill_as_its_worst_part() -> None:
    health = HealthChecks()
    health.watch("well", lambda: None)
    health.watch("worker", lambda: Finding("degraded", "It is tired.", "secret detail"))
    health.look()
    found = health.results()
    assert found == [Check("well", "ok", ""), Check("worker", "degraded", "It is tired.")]
    assert worst(found) == "degraded"
    assert worst([*found, Check("disk", "failed", "Full.")]) == "failed"
    assert worst([]) == "ok"


def test_a_check_that_raises_has_failed() -> None:
    health = HealthChecks()
    health.watch("disk", lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    health.look()
    assert worst(health.results()) == "failed"


def test_what_does_not_answer_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    health = HealthChecks(longest_s=15)
    begun, release = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait(10)

    health.watch("database", hang)
    thread = threading.Thread(target=health.look)
    thread.start()
    begun.wait(10)
    assert worst(health.results()) == "ok"
    now = time.monotonic()
    monkeypatch.setattr(checks.time, "monotonic", lambda: now + 16)
    (found,) = health.results()
    assert found.state == "failed"
    assert "has not answered for 15 seconds" in found.message
    release.set()
    thread.join(10)


def test_a_disk_without_room_or_rights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_at_disk(tmp_path) is None
    gone = look_at_disk(tmp_path / "gone")
    assert gone is not None
    assert gone.state == "failed"
    assert str(tmp_path) not in gone.message
    monkeypatch.setattr(checks, "LEAST_FREE_BYTES", 2**62)
    full = look_at_disk(tmp_path)
    assert full is not None
    assert "is full" in full.message


def test_a_lost_database_answers_503_with_its_name(client: TestClient, services: Services) -> None:
    assert client.get("/api/health").json()["status"] == "ok"
    services.workspace.database_path.unlink()
    services.health.look()
    answer = client.get("/api/health")
    assert answer.status_code == 503
    states = {one["name"]: one["state"] for one in answer.json()["checks"]}
    assert states == {"database": "failed", "disk": "ok", "model": "ok"}
    plain = client.get("/api/health", headers={"Accept": "text/plain"})
    assert plain.status_code == 503
    assert plain.text.startswith("database failed: The database does not answer")


def test_a_model_that_cannot_be_loaded_leaves_people_at_work(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("no weights in /secret/place")

    monkeypatch.setattr(services.predictor, "load_model", fail)
    monkeypatch.setattr(services.predictor, "_model", None)
    with pytest.raises(OSError, match="no weights"):
        _ = services.predictor.model
    services.health.look()
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "/secret/place" not in answer.text
    monkeypatch.undo()
    assert services.predictor.model
    services.health.look()
    assert client.get("/api/health", headers={"Accept": "text/plain"}).text == "ok\n"
