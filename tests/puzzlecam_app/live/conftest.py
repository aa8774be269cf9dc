"""A workspace whose studio learns at once, from features that are the colours of cells."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from db.annotations import append_revision, latest_revision
from db.datasets import create_dataset
from db.engine import Database, open_database, sqlite_url
from db.items import ItemSpec, replace_tags, upsert_items
from db.labels import ClassSpec
from db.masks import MaskStore
from db.models import Revision
from db.palette import voc_palette
from db.status import Action
from db.users import get_or_create
from puzzlecam_app.live.features import PictureFeatures
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.services import Services
from puzzlecam_app.settings import Settings
from tests.postgresql import new_postgresql, postgresql_server  # noqa: F401 - a fixture
from tests.puzzlecam_app.conftest import BLUE, RED, colour_model
from trainer.live.features import CELL_PX, CellFeatures

SIDE = 96
PICTURES = 5


class ColourEncoder:
    """A cell's features are its mean colour, of length sqrt(2)."""

    identity = "colours"

    def __init__(self) -> None:
        self.computed = 0

    def __call__(self, image_rgb: NDArray[np.uint8]) -> CellFeatures:
        self.computed += 1
        height, width = image_rgb.shape[:2]
        cells = image_rgb.reshape(height // CELL_PX, CELL_PX, width // CELL_PX, CELL_PX, 3).mean(axis=(1, 3))
        cells = cells + 1
        values = cells / np.linalg.norm(cells, axis=2, keepdims=True) * np.sqrt(2)
        return CellFeatures(values.astype(np.float16), (height, width))


def draw(path: Path, seed: int) -> None:
    """A grey picture with a green square and a red one; the square's place follows from the seed."""
    drawn = np.random.default_rng(seed)
    pixels = drawn.integers(90, 110, (SIDE, SIDE, 3)).astype(np.uint8)
    pixels[square(seed)] = (10, 200, 10)
    pixels[:32, 64:] = (220, 20, 20)
    Image.fromarray(pixels).save(path)


def square(seed: int) -> tuple[slice, slice]:
    """Where the green square of a picture is."""
    top, left = 32 + 16 * (seed % 2), 16 * (seed % 3)
    return slice(top, top + 48), slice(left, left + 48)


def green_mask(seed: int) -> NDArray[np.uint8]:
    """The mask of a person for whom the green square is the class red."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[square(seed)] = RED
    return mask


def open_live(
    folder: Path,
    database: Database | None = None,
    encoder: ColourEncoder | None = None,
    url: str | None = None,
) -> Services:
    """Open a workspace in `folder` that learns, on its own database or the one at `url`; close it."""
    settings = Settings(workspace=folder / "workspace", open_browser=False)
    workspace = settings.paths.prepare()
    if database is None:
        database = open_database(url or sqlite_url(workspace.database_path))
        database.migrate()
    masks = MaskStore(workspace.masks_dir)
    predictor = Predictor(colour_model, workspace.cams_dir)
    known = encoder or ColourEncoder()
    features = PictureFeatures(lambda: known, workspace.cells_dir)  # type: ignore[arg-type, return-value]
    live = LiveModels(
        database, masks, lambda _: predictor, settings.max_image_pixels, workspace.live_dir, features
    )
    proposals = Proposals(database, masks, predictor, settings.max_image_pixels, None, live)
    return Services(settings, workspace, database, masks, predictor, proposals, live)


def add_pictures(services: Services, folder: Path) -> None:
    """Add dataset 1 with pictures 1 to 5, all tagged red."""
    folder.mkdir(exist_ok=True)
    names = [f"p{number}" for number in range(1, PICTURES + 1)]
    for number, name in enumerate(names, 1):
        draw(folder / f"{name}.png", number)
    with services.database.write() as session:
        dataset = create_dataset(
            session,
            "squares",
            root=str(folder),
            layout="folder",
            classes=[ClassSpec(BLUE, "blue"), ClassSpec(RED, "red")],
        )
        specs = [
            ItemSpec(name, f"{name}.png", f"{number:064x}", SIDE, SIDE, 1, "image/png")
            for number, name in enumerate(names, 1)
        ]
        ids = upsert_items(session, dataset.id, specs).ids
        replace_tags(session, dataset.id, {item_id: [RED] for item_id in ids.values()})


def record(services: Services, item_id: int, action: Action, mask: NDArray[np.uint8] | None = None) -> None:
    """Append a person's revision, on top of whatever is newest."""
    mask_hash = None if mask is None else services.masks.put(mask, voc_palette())
    with services.database.write() as session:
        newest = latest_revision(session, item_id)
        append_revision(
            session,
            item_id,
            expected=newest.id if newest else None,
            action=action,
            author=get_or_create(session, "Ada").id,
            mask_hash=mask_hash or (newest.mask_hash if newest else None),
        )


def newest(services: Services, item_id: int) -> Revision | None:
    with services.database.read() as session:
        return latest_revision(session, item_id)


@pytest.fixture
def make_live(tmp_path: Path) -> Iterator[Callable[..., Services]]:
    """Opens the workspace in a folder; again and again, if need be."""
    opened: list[Services] = []

    def make(folder: Path = tmp_path, **changes: object) -> Services:
        opened.append(open_live(folder, **changes))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for services in opened:
        services.close()


@pytest.fixture
def live(make_live: Callable[..., Services], tmp_path: Path) -> Services:
    """The dataset of `add_pictures`."""
    services = make_live()
    add_pictures(services, tmp_path / "pictures")
    return services


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables, one of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "shared.sqlite3")
    return new_postgresql(request.getfixturevalue("postgresql_server"), f"live_{uuid.uuid4().hex}")
