"""A workspace with three small drawn pictures, and a classifier that needs no weights."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from db.datasets import create_dataset
from db.engine import open_database, sqlite_url
from db.items import ItemSpec, replace_tags, upsert_items
from db.labels import ClassSpec
from puzzlecam_app.app import create_api
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.services import Services
from puzzlecam_app.settings import Settings
from puzzlecam_app.storage.mask_store import open_masks
from trainer.cams.classifier import Activations
from trainer.cams.sources import CamSource, CamSources
from trainer.models.proposal import ProposalModel

BLUE, RED = 1, 2
HEIGHT, WIDTH = 48, 64


class ColourClassifier:
    """Features are the colour channels; the class `red` is where it is red, `blue` where it is blue."""

    identity = "zero-shot-colour"
    output_stride = 16
    mean_std = (0.5, 0.5)
    affinity_power = 0.0
    channels = {"red": 0, "blue": 2}  # noqa: RUF012

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(images, 16) + 1

    def class_weights(self, features: torch.Tensor, class_names: Sequence[str]) -> torch.Tensor:
        weights = torch.full((len(class_names), 3), -0.5)
        for row, name in enumerate(class_names):
            weights[row, self.channels[name]] = 1.0
        return weights

    def activations(self, images: torch.Tensor, class_names: Sequence[str]) -> Activations:
        features = self.features(images)
        maps = torch.einsum("kc,nchw->nkhw", self.class_weights(features, class_names), features)
        return Activations([images, images, images.relu(), features, features], features, maps)

    def is_weak(self, class_name: str) -> bool:
        return class_name == "blue"

    def describe(self, class_name: str) -> str:
        return f"{class_name} is a colour."


def colour_model() -> ProposalModel:
    return ProposalModel(CamSources([CamSource(ColourClassifier())]))


def draw(path: Path, *, width: int = WIDTH, height: int = HEIGHT) -> None:
    """A picture whose left half is blue and whose right half is red."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 2] = 255
    pixels[:, width // 2 :, 0] = 255
    Image.fromarray(pixels).save(path)


def open_services(folder: Path, **changes: object) -> Services:
    """Open a workspace in `folder` whose model knows colours. The caller closes it."""
    settings = Settings(workspace=folder / "workspace", open_browser=False, **changes)
    workspace = settings.paths.prepare()
    database = open_database(sqlite_url(workspace.database_path))
    database.migrate()
    masks = open_masks(workspace.masks_dir, settings.masks_url)
    predictor = Predictor(colour_model, workspace.cams_dir)
    live = LiveModels(
        database, masks, lambda _: predictor, settings.max_image_pixels, workspace.live_dir, None
    )
    proposals = Proposals(database, masks, predictor, settings.max_image_pixels)
    return Services(settings, workspace, database, masks, predictor, proposals, live)


def add_colours(services: Services, folder: Path) -> None:
    """Add dataset 1 with the pictures 1 (red and blue), 2 (red) and 3 (no tags), drawn in `folder`."""
    folder.mkdir()
    for name in ("a", "b", "c"):
        draw(folder / f"{name}.png")
    with services.database.write() as session:
        dataset = create_dataset(
            session,
            "colours",
            root=str(folder),
            layout="folder",
            classes=[ClassSpec(BLUE, "blue"), ClassSpec(RED, "red")],
        )
        specs = [
            ItemSpec(name, f"{name}.png", name * 64, WIDTH, HEIGHT, 1, "image/png", split)
            for name, split in (("a", "train"), ("b", "train"), ("c", "val"))
        ]
        ids = upsert_items(session, dataset.id, specs).ids
        replace_tags(session, dataset.id, {ids["a"]: [BLUE, RED], ids["b"]: [RED], ids["c"]: []})


@pytest.fixture
def make_services(tmp_path: Path) -> Iterator[Callable[..., Services]]:
    opened: list[Services] = []

    def make(**changes: object) -> Services:
        opened.append(open_services(tmp_path, **changes))
        return opened[-1]

    yield make
    for services in opened:
        services.close()


@pytest.fixture
def services(make_services: Callable[..., Services], tmp_path: Path) -> Services:
    """The dataset of `add_colours`."""
    services = make_services()
    add_colours(services, tmp_path / "pictures")
    return services


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(create_api(services), base_url="http://127.0.0.1:7860") as client:
        yield client
