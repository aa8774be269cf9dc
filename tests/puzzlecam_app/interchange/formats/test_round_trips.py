"""Out and in again gives the same masks, splits and classes in every format, or the report names the loss."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from puzzlecam_app.interchange.formats.registry import READ_FORMATS, recognise
from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS
from puzzlecam_app.root_files import RootFiles
from tests.helpers_formats import (
    MADE_AT,
    Data,
    Drawn,
    assert_same_masks,
    contents,
    datasets,
    export_names,
    exported,
    few,
    imported,
    many_classes,
    scratch,
    studio_with,
)


@dataclass(frozen=True)
class Case:
    """What a format keeps.

    Attributes:
        read_as: the format that reads it back.
        void: what void becomes.
        splits: whether they come back.
        root: folder of the export that is read.
        classes: whether the class list comes back, with its order.
        authors: whether authors and times come back.
        exact: whether masks always come back; otherwise, only if the report names no pixels that do not.
        writing: options of the export.
        reading: options of the import.
    """

    format: str
    read_as: str
    void: int = 255
    splits: bool = True
    root: str = ""
    classes: bool = True
    authors: bool = False
    exact: bool = True
    writing: dict[str, object] = field(default_factory=dict)
    reading: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.format}{'+' if self.writing else ''}"


CASES = [
    Case("voc", "voc", splits=False),
    Case("coco", "coco", void=0, authors=True),
    Case("yolo", "yolo", void=0, splits=False, exact=False),
    Case("labelme", "labelme"),
    Case("cvat", "cvat"),
    Case("label-studio", "label-studio", authors=True),
    Case("label-studio", "label-studio", writing={"as_predictions": True}),
    Case("panoptic", "panoptic"),
    Case("cvat-masks", "cvat-masks"),
    Case("color-masks", "color-masks"),
    Case("mmseg", "folder", reading={"tags_from_masks": True}),
    Case("datumaro", "datumaro", authors=True),
    Case("hugging-face", "hugging-face", splits=False, authors=True),
    Case("parquet", "parquet", authors=True),
    Case("cityscapes", "cityscapes", splits=False),
    Case("cityscapes", "cityscapes", splits=False, writing={"zero": "class"}),
    Case("puzzle-cam", "voc", splits=False),
    Case("folder", "folder"),
]


def test_every_format_that_can_be_written_is_tried() -> None:
    assert {case.format for case in CASES} == {one.name for one in WRITE_FORMATS}
    assert {case.read_as for case in CASES} == {one.name for one in READ_FORMATS}


@pytest.mark.parametrize("case", CASES, ids=str)
@few
@given(data=st.data())
def test_masks_come_back(case: Case, data: st.DataObject) -> None:
    drawn = data.draw(datasets())
    with scratch() as root:
        studio = studio_with(root, drawn)
        report = exported(studio, root / "out", case.format, **case.writing)
        back, came = imported(root / "out" / case.root, root / "again", **case.reading)

        assert came.layout == case.read_as
        assert came.errors == ()
        if not case.exact and any("pixels that" in line for line in report.lost):
            return
        expected = drawn.classes if case.classes else None
        assert_same_masks(drawn, studio, back, void=case.void, classes=expected)
        void_px = sum(int((one.mask == 255).sum()) for one in drawn.pictures)
        if case.void != 255 and void_px:
            assert any(line.startswith(f"{void_px} pixels of void") for line in report.lost)
        if case.authors:
            found = contents(back)[1].values()
            assert {(one.author, one.made_at) for one in found if one.mask is not None} <= {("Ann", MADE_AT)}
        if case.splits:
            splits = {name: one.split for name, one in contents(back)[1].items()}
            names = export_names(studio)
            assert splits == {names[one.name]: one.split for one in drawn.pictures}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_254_classes_come_back(case: Case) -> None:
    mask = np.arange(255, dtype=np.uint8).reshape(15, 17)
    drawn = Data(many_classes(254), (Drawn("all", mask),))
    with scratch() as root:
        studio = studio_with(root, drawn)
        exported(studio, root / "out", case.format, **case.writing)
        back, _ = imported(root / "out" / case.root, root / "again", **case.reading)

        assert_same_masks(drawn, studio, back, classes=drawn.classes if case.classes else None)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_written_is_recognised(case: Case) -> None:
    drawn = Data(("cat",), (Drawn("a", np.eye(5, dtype=np.uint8)),))
    with scratch() as root:
        exported(studio_with(root, drawn), root / "out", case.format)

        assert recognise(RootFiles(root / "out" / case.root)).format.name == case.read_as
