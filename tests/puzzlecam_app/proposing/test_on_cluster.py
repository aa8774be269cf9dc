"""Proposals computed by actors are stored as if the studio had computed them; the actors are played here."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from db.annotations import latest_revisions
from db.items import get_item
from puzzlecam_app.proposing import on_cluster
from puzzlecam_app.proposing.ahead import compute_now, plan_ahead
from puzzlecam_app.proposing.on_cluster import compute_on_cluster
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import add_colours, open_services
from trainer.cluster.connection import Cluster


@pytest.fixture
def actors(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Play actors in this process, from the last group to the first; the sizes of the groups."""
    sizes: list[int] = []

    def play(
        _cluster: Cluster,
        load: Callable[[], Callable[[Any], Any]],
        items: Sequence[Any],
        *,
        group: int,
        send: Callable[[Sequence[Any]], Any],
        **_others: Any,
    ) -> Iterator[Any]:
        work = pickle.loads(pickle.dumps(load))()
        for start in reversed(range(0, len(items), group)):
            sizes.append(len(items[start : start + group]))
            sent = pickle.loads(pickle.dumps(send(items[start : start + group])))
            yield pickle.loads(pickle.dumps(work(sent)))

    monkeypatch.setattr(on_cluster, "map_on_actors", play)
    return sizes


@pytest.fixture
def workspaces(tmp_path: Path) -> Iterator[tuple[Services, Services]]:
    """Two workspaces with the same pictures."""
    made = []
    for name in ("alone", "shared"):
        (tmp_path / name).mkdir()
        services = open_services(tmp_path / name)
        add_colours(services, tmp_path / name / "pictures")
        made.append(services)
    yield made[0], made[1]
    for services in made:
        services.close()


def computed(services: Services) -> Any:
    """What is known of the pictures: masks with their proposers, doubts, maps."""
    with services.database.read() as session:
        newest = latest_revisions(session, 1)
        items = [get_item(session, item_id) for item_id in sorted(newest)]
        known = [
            (newest[item.id].mask_hash, newest[item.id].proposed_by, item.doubt_rank, item.disagreement)
            for item in items
        ]
    folder = services.workspace.cams_dir
    maps = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")}
    return known, maps


def on_actors(services: Services, due: list[tuple[int, str]]) -> tuple[list[Any], list[tuple[int, int]]]:
    steps: list[tuple[int, int]] = []
    failures = compute_on_cluster(
        Cluster(2),
        services.database,
        services.proposals,
        services.predictor,
        due,
        services.settings.max_image_pixels,
        lambda *step: steps.append(step),
    )
    return failures, steps


def test_masks_doubts_and_maps_are_those_of_the_studio(
    workspaces: tuple[Services, Services], actors: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, shared = workspaces
    due = plan_ahead(alone.database, alone.proposals, 1).due
    assert compute_now(alone.proposals, due, lambda *_: None) == []
    # The studio itself computes no maps and no masks.
    for name in ("cams", "mask"):
        monkeypatch.setattr(shared.predictor.model, name, None)
    failures, steps = on_actors(shared, due)
    assert failures == []
    assert steps[-1] == (len(due), len(due))
    assert sum(actors) == len(due)
    assert computed(shared) == computed(alone)
    assert plan_ahead(shared.database, shared.proposals, 1).due == []


def test_a_picture_that_cannot_be_read_fails_alone(
    workspaces: tuple[Services, Services], actors: list[int]
) -> None:
    _, shared = workspaces
    due = plan_ahead(shared.database, shared.proposals, 1).due
    with shared.database.read() as session:
        path = Path(get_item(session, due[0][0]).path)
    (shared.workspace.root.parent / "pictures" / path.name).unlink()
    failures, steps = on_actors(shared, due)
    assert [failure.picture for failure in failures] == [due[0][1]]
    assert len(steps) == len(due) == 2
