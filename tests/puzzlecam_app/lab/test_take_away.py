"""What researchers take away: documented arrays, and tables that spreadsheets open without surprises."""

from __future__ import annotations

import csv
import inspect
import io
import re
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient

from db.annotations import append_revision, register_mask
from db.items import get_item
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.lab.survey import Row, Survey, store_survey, survey_path
from puzzlecam_app.routes.lab import picture
from puzzlecam_app.services import Services
from puzzlecam_app.tables import csv_text
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH
from trainer.cams.explanations import LAYERCAM_STAGES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "lab.md"


def documented() -> dict[str, tuple[str, list[str], str]]:
    """Type, axes and range of each array in the table of docs/lab.md."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| Array | Type | Shape | Range | Meaning |") + 2
    found = {}
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        names, kind, shape, span, _ = (cell.strip() for cell in line.strip("|").split("|"))
        axes = [axis.strip() for axis in shape.split(",") if axis.strip()]
        for name in re.findall(r"`(\w+)`", names):
            found[name] = (kind, axes, span)
    return found


def test_every_array_of_the_file_is_as_documented(client: TestClient, services: Services) -> None:
    mask = np.full((HEIGHT, WIDTH), RED, np.uint8)
    stored = services.masks.put(mask, voc_palette())
    with services.database.write() as session:
        ann = get_or_create(session, "Ann").id
        append_revision(session, 1, expected=0, action="accepted", author=ann, mask_hash=stored)
        register_mask(session, stored, height=HEIGHT, width=WIDTH)
        get_item(session, 1).ground_truth = stored
    table = documented()

    answer = client.post("/api/items/1/lab/arrays", json={})

    sizes = {"H": HEIGHT, "W": WIDTH, "T": 2}
    with np.load(io.BytesIO(answer.content), allow_pickle=False) as arrays:
        assert {"ground_truth", "accepted", "views", "mask"} <= set(arrays)
        for name, values in arrays.items():
            kind, axes, span = table[name]
            assert (kind == "text") == (name == "settings")
            if kind == "text":
                continue
            assert (values.dtype, values.ndim) == (np.dtype(kind), len(axes)), name
            for axis, size in zip(axes, values.shape, strict=True):
                assert sizes.setdefault(axis, size) == size, (name, axis)
            assert span in {"signed", "indices"} or values.min() >= 0, name
            assert span != "0 to 1" or values.max() <= 1, name


def test_no_array_can_be_sent_that_is_not_documented() -> None:
    makers = (picture._exported, picture._step_arrays, picture.explanation_arrays)
    source = "".join(inspect.getsource(maker) for maker in makers)
    names = set(re.findall(r'(?:^\s+|arrays\[)f?"(\w+)(?:"|\{)', source, re.MULTILINE))
    names = {"source_2" if name == "source_" else name for name in names} - {"layercam_stage_"}
    names |= {f"layercam_stage_{stage}" for stage in LAYERCAM_STAGES}

    assert names | {"ground_truth", "accepted"} == set(documented()) - {"source_3"}


def row(number: int, name: str) -> Row:
    return Row(
        id=number, name=name, tags=[BLUE, RED], disagreement=None, coverage=0.5, entropy=0.25,
        undecided=0.1, score=0.75, flips=None, iou=0.5,
    )  # fmt: skip


def test_a_measured_dataset_is_downloaded_as_tables(client: TestClient, services: Services) -> None:
    survey = Survey(
        source="studio",
        model="x",
        rows=[row(2, "img10"), row(1, "=img2")],
        skipped=0,
        measured=2,
        taught=0,
        confusion=[(0, 0, 7), (BLUE, RED, 3), (255, 0, 9)],
        stages=[],
        cells={},
    )
    store_survey(survey_path(services.workspace.cache_dir, 1, "studio"), survey)

    pictures = client.get("/api/datasets/1/lab/pictures.csv")
    confusion = client.get("/api/datasets/1/lab/confusion.csv")

    assert pictures.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(pictures.text)))
    assert [one["picture"] for one in rows] == ["'=img2", "img10"]
    assert (rows[0]["tags"], rows[0]["disagreement"], rows[0]["iou"]) == ("blue;red", "", "0.5")
    assert confusion.text.splitlines() == [
        "reference,background,blue,red",
        "background,7,0,0",
        "blue,0,0,3",
        "red,0,0,0",
    ]


def test_texts_that_look_like_formulas_are_quoted_and_numbers_are_not() -> None:
    rows = [["=1+1", "@x", "+x", "-x", -1.5, 3, "plain"]]

    assert csv_text(["a"], rows).splitlines()[1] == "'=1+1,'@x,'+x,'-x,-1.5,3,plain"
