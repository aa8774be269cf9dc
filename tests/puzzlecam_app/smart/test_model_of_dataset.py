"""The Smart tool works with the maps and edges that are on screen: those of the dataset's published run."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.annotations import propose
from db.palette import voc_palette
from puzzlecam_app.app import create_api
from puzzlecam_app.items import read_item
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.routes.mask_bodies import FRAMED
from puzzlecam_app.services import Services
from puzzlecam_app.smart.steps import Step
from puzzlecam_app.smart.tool import ReplayError
from puzzlecam_app.wire import frame_arrays, read_frame
from tests.puzzlecam_app.conftest import HEIGHT, RED, WIDTH, ColourClassifier
from trainer.cams.sources import CamSource, CamSources
from trainer.config import RefineConfig
from trainer.contract import RUN_KIND
from trainer.machine.device import choose_device
from trainer.masks.pseudo_labels import PseudoLabelConfig
from trainer.models.proposal import ProposalModel, Walk

ON_RED = {"kind": "click", "y": 20, "x": 50, "label": RED}
BLANK = np.zeros((HEIGHT, WIDTH), np.uint8)


class NoEdge:
    """Sees no edge in any picture."""

    device = choose_device("cpu")

    def edges(self, image_rgb: np.ndarray, grid_size: tuple[int, int]) -> np.ndarray:
        return np.zeros(grid_size, np.float32)


def run_model() -> ProposalModel:
    """A model that has learned edges."""
    walk = Walk(NoEdge(), RefineConfig(beta=4.0, radius=3, log2_steps=2), "edge")  # type: ignore[arg-type]
    sources = CamSources([CamSource(ColourClassifier())])
    return ProposalModel(sources, PseudoLabelConfig(use_crf=False), walk, kind=RUN_KIND)


class Publishing:
    """Stands for what is published: the predictor of every dataset, to be changed at any time."""

    def __init__(self, services: Services) -> None:
        self.own = services.predictor
        self.of_run = Predictor(run_model, services.workspace.cams_dir, "run/7")
        self.now = self.of_run


@pytest.fixture(autouse=True)
def _no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of two colours need no network."""
    monkeypatch.setattr("trainer.interactive.features.load_features", lambda: None)


@pytest.fixture
def publishing(services: Services) -> Publishing:
    return Publishing(services)


@pytest.fixture
def studio(services: Services, publishing: Publishing) -> Iterator[Services]:
    """The same workspace, in which the dataset's proposals are made by a published run."""
    proposals = Proposals(
        services.database, services.masks, services.predictor, 10**6, lambda _dataset_id: publishing.now
    )
    with Services(
        services.settings,
        services.workspace,
        services.database,
        services.masks,
        services.predictor,
        proposals,
        services.live,
    ) as studio:
        yield studio


@pytest.fixture
def client(studio: Services) -> Iterator[TestClient]:
    with TestClient(create_api(studio), base_url="http://127.0.0.1:7860") as client:
        yield client


def click(client: TestClient, mask: np.ndarray, **wish: Any) -> dict[str, Any]:
    """Send a click on red; returns the step."""
    body = frame_arrays(
        {"seeds": [ON_RED], **wish}, {"mask": np.frombuffer(zlib.compress(mask.tobytes()), np.uint8)}
    )
    answer = client.post("/api/items/1/refine", content=body, headers={"Content-Type": FRAMED})
    assert answer.status_code == 200, answer.text
    step: dict[str, Any] = read_frame(answer.content)[0]["step"]
    return step


def shown(client: TestClient) -> str:
    """Identity of the model whose heatmaps the panel shows."""
    return str(read_frame(client.get("/api/items/1/cams").content)[0]["model"])


def test_maps_and_edges_are_those_that_the_panel_shows(client: TestClient, publishing: Publishing) -> None:
    assert shown(client) == publishing.of_run.model.identity
    proposal = np.frombuffer(client.get("/api/items/1/mask").content, np.uint8).reshape(HEIGHT, WIDTH)
    for step in (click(client, proposal), click(client, BLANK, heatmap=0.5)):
        assert step["maps"] == shown(client)
        assert step["edges"] == shown(client)


def test_publishing_another_model_changes_maps_and_edges_of_a_prepared_picture(
    client: TestClient, studio: Services, publishing: Publishing
) -> None:
    publishing.now = publishing.own
    before = click(client, BLANK, heatmap=0.5)
    assert (before["maps"], before.get("edges")) == (shown(client), None)
    publishing.now = publishing.of_run
    after = click(client, BLANK, heatmap=0.5)
    assert (after["maps"], after["edges"]) == (shown(client), shown(client))
    assert len(studio.smart._pictures) == 2, "what was prepared with the other model is not thrown away"


def test_a_step_is_repeated_with_the_model_that_made_it_or_not_at_all(
    client: TestClient, studio: Services, publishing: Publishing
) -> None:
    step = Step.model_validate(click(client, BLANK, heatmap=0.5))
    studio.smart.keep_priors([step])
    with studio.database.read() as session:
        item = read_item(session, 1)
    assert studio.smart.replay(item, step).shape == BLANK.shape
    publishing.now = publishing.own
    with pytest.raises(ReplayError, match="heatmaps"):
        studio.smart.replay(item, step)


def test_a_mask_published_from_the_run_is_a_mask_of_its_maps(client: TestClient, studio: Services) -> None:
    shown(client)
    published = BLANK.copy()
    published[:, 40:] = RED
    with studio.database.write() as session:
        propose(session, 1, mask_hash=studio.masks.put(published, voc_palette()), proposed_by="run/7")
    assert click(client, published)["maps"] == shown(client)
    with studio.database.write() as session:
        propose(session, 1, mask_hash=studio.masks.put(BLANK, voc_palette()), proposed_by="run/8")
    assert click(client, BLANK)["maps"] is None
