"""Datasets that are hard to carry, and the way out of one studio and into another."""

from __future__ import annotations

import functools
import hashlib
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image

from db.annotations import Making, append_revision, latest_revision
from db.datasets import create_dataset, is_copied, require_dataset
from db.engine import open_database, sqlite_url
from db.items import ItemSpec, all_items, replace_tags, tags_of, upsert_items
from db.labels import ClassSpec, latest_label_set
from db.masks import MaskStore
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.interchange.exporting import ExportOptions, ExportReport, export_dataset
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.reports import ImportReport
from tests.helpers_pictures import Studio, open_studio, pixels

MADE_AT = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)

few = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@dataclass(frozen=True)
class Drawn:
    """A picture with its accepted mask."""

    name: str
    mask: np.ndarray
    split: str | None = None
    tags: tuple[int, ...] = ()


@dataclass(frozen=True)
class Data:
    """A dataset of accepted masks; `classes` in index order."""

    classes: tuple[str, ...]
    pictures: tuple[Drawn, ...]
    colors: dict[int, str] = field(default_factory=dict)


NAMES = st.sampled_from(
    [
        "a",
        "frame.001",
        "frame.001.2",
        "Übung",
        "日本語",
        "with space",
        "UPPER",
        "x_1",
        "deep/er/file",
        "a.b.c",
        "7",
    ]
)
CLASSES = ("cat", "dog", "traffic light", "Straße", "person", "bird-2")


def masks(classes: int, *, void: bool = True) -> st.SearchStrategy[np.ndarray]:
    """Masks of random sizes, 1 x N included: noise, rings with something inside, single pixels, nothing."""

    @st.composite
    def mask(draw: st.DrawFn) -> np.ndarray:
        height, width = draw(st.sampled_from([(1, 1), (1, 9), (9, 1), (2, 2), (7, 11), (12, 8)]))
        values = [*range(classes + 1), *([255] if void else [])]
        kind = draw(st.sampled_from(["empty", "noise", "boxes", "pixel"]))
        result = np.zeros((height, width), np.uint8)
        if kind == "noise":
            random = np.random.default_rng(draw(st.integers(0, 999)))
            result = random.choice(np.array(values, np.uint8), (height, width))
        elif kind == "boxes":
            # Boxes over boxes make rings, holes and parts that touch at corners.
            for _ in range(draw(st.integers(1, 5))):
                top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
                bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
                result[top:bottom, left:right] = draw(st.sampled_from(values))
        elif kind == "pixel":
            place = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
            result[place] = draw(st.sampled_from(values))
        return result

    return mask()


@st.composite
def datasets(draw: st.DrawFn, *, void: bool = True, splits: bool = True, most_classes: int = 6) -> Data:
    """Datasets of one to three pictures."""
    count = draw(st.sampled_from([1, 2, most_classes]))
    classes = tuple(itertools.islice(CLASSES, count)) if count <= len(CLASSES) else many_classes(count)
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    places = st.sampled_from([None, "train", "val"]) if splits else st.none()
    pictures = [Drawn(name, draw(masks(count, void=void)), draw(places)) for name in names]
    return Data(classes, tuple(pictures))


def many_classes(count: int) -> tuple[str, ...]:
    """Names of that many classes."""
    return tuple(f"class {number}" for number in range(1, count + 1))


@contextmanager
def scratch() -> Iterator[Path]:
    """A new folder, which hypothesis needs for each example."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@functools.cache
def _empty_studio() -> Path:
    """A workspace to copy, which is much faster than to make one for every example."""
    root = Path(tempfile.mkdtemp())
    open_studio(root).database.close()
    return root


def new_studio(root: Path) -> Studio:
    """A new, empty workspace in `root`."""
    shutil.copytree(_empty_studio(), root)
    database = open_database(sqlite_url(root / "studio.sqlite3"))
    return Studio(root, database, MaskStore(root / "masks"), root / "images")


def studio_with(root: Path, data: Data, dataset: str = "data") -> Studio:
    """A studio whose dataset has these accepted masks, made by Ann."""
    studio = new_studio(root / "workspace")
    folder = root / "pictures"
    specs = []
    for number, one in enumerate(data.pictures):
        path = folder / f"{one.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        height, width = one.mask.shape
        Image.fromarray(pixels(width, height, number)).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        name = f"{one.name}.png"
        specs.append(ItemSpec(name, name, digest, width, height, 1, "image/png", one.split))
    with studio.database.write() as session:
        classes = [
            ClassSpec(index, name, data.colors.get(index)) for index, name in enumerate(data.classes, start=1)
        ]
        created = create_dataset(session, dataset, root=str(folder), layout="folder", classes=classes)
        ids = upsert_items(session, created.id, specs).ids
        replace_tags(
            session,
            created.id,
            {ids[f"{one.name}.png"]: tags_in(one) for one in data.pictures},
        )
        ann = get_or_create(session, "Ann").id
        for one in data.pictures:
            stored = studio.masks.put(one.mask, voc_palette())
            append_revision(
                session,
                ids[f"{one.name}.png"],
                expected=None,
                action="accepted",
                author=ann,
                mask_hash=stored,
                making=Making(made_at=MADE_AT),
            )
    return studio


def tags_in(one: Drawn) -> list[int]:
    """Tags of a picture: those given, and the classes in the mask."""
    return sorted({*one.tags, *(set(np.unique(one.mask).tolist()) - {0, 255})})


def exported(studio: Studio, out: Path, format: str, **options: object) -> ExportReport:
    """Export `data`."""
    return export_dataset(studio.database, studio.masks, "data", out, ExportOptions(**options), format=format)


def imported(folder: Path, workspace: Path, **reading: object) -> tuple[Studio, ImportReport]:
    """Import a folder as `data` into a new studio, its masks as accepted work."""
    studio = new_studio(workspace)
    report = import_dataset(
        studio.stores,
        folder,
        "data",
        reading=ReadOptions(**reading),
        options=ImportOptions(masks="accepted"),
    )
    return studio, report


@dataclass(frozen=True)
class Back:
    """A picture as it is in a studio."""

    mask: np.ndarray | None
    split: str | None
    tags: tuple[int, ...]
    author: str | None
    made_at: datetime | None


def contents(studio: Studio, dataset: str = "data") -> tuple[tuple[str, ...], dict[str, Back]]:
    """Classes and pictures of a dataset, by the name of the file without folders and suffix."""
    with studio.database.read() as session:
        found = require_dataset(session, dataset)
        classes = tuple(row.name for row in latest_label_set(session, found.id).classes)
        items = all_items(session, found.id)
        tags = tags_of(session, [item.id for item in items])
        pictures = {}
        for item in items:
            newest = latest_revision(session, item.id)
            has_mask = newest is not None and newest.mask_hash is not None
            # The file of a copied picture is called after its content.
            pictures[stem(item.name if is_copied(found) else item.path)] = Back(
                studio.masks.get(newest.mask_hash) if has_mask else None,
                item.split,
                tags[item.id],
                newest.author.name if newest and newest.author else None,
                newest.created_at if newest else None,
            )
    return classes, pictures


def stem(path: str) -> str:
    """The name of a file without folders and suffix."""
    return path.rpartition("/")[2].rpartition(".")[0].removesuffix("_leftImg8bit")


def export_names(studio: Studio, dataset: str = "data") -> dict[str, str]:
    """Name in exports of each picture, by its name without suffix."""
    with studio.database.read() as session:
        items = all_items(session, require_dataset(session, dataset).id)
        return {item.name.removesuffix(".png"): item.export_name or "" for item in items}


def assert_same_masks(
    data: Data, studio: Studio, back: Studio, *, void: int = 255, classes: Sequence[str] | None = None
) -> None:
    """Every picture came back with the same mask, by class name; void became `void`."""
    names = export_names(studio)
    found_classes, pictures = contents(back)
    assert len(pictures) == len(data.pictures)
    if classes is not None:
        assert found_classes == tuple(classes)
    index_of = {name: index for index, name in enumerate(found_classes, start=1)}
    table = np.arange(256, dtype=np.uint8)
    for index, name in enumerate(data.classes, start=1):
        table[index] = index_of.get(name, 0)
    table[255] = void
    for one in data.pictures:
        mask = pictures[names[one.name]].mask
        expected = table[one.mask]
        assert mask is not None or not expected.any(), f"{one.name} has no mask"
        if mask is not None:
            np.testing.assert_array_equal(mask, expected)
