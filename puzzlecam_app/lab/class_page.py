"""One class of a dataset: the IoU of each stage, confusions with other classes, best and worst pictures."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from db.palette import VOID
from puzzlecam_app.lab.survey import Row, StageFigures, Survey

SHOWN = 8
"""The most pictures in each of the lists of worst and best."""

Cells = list[tuple[int, int, int]]


class Figures(BaseModel):
    """IoU, precision and recall of a class, each in [0, 1]; null if there are no pixels to divide by."""

    model_config = ConfigDict(frozen=True)

    iou: float | None
    precision: float | None = Field(description="Share of the pixels painted as the class that are right")
    recall: float | None = Field(description="Share of the class's true pixels that are painted as it")


class CurvePoint(Figures):
    """The figures of a class at one background threshold."""

    threshold: float


class StageOfClass(Figures):
    """The figures of a class after one stage of the pipeline."""

    name: str
    title: str
    threshold: float | None = Field(description="Fixed beforehand; null if the stage makes masks, not maps")
    pictures: int
    curve: list[CurvePoint] | None = Field(description="Null if the stage makes masks, not maps")
    oracle: CurvePoint | None = Field(description="At the best threshold, chosen with the reference masks")


class OtherTag(BaseModel):
    """Another tag of a class's pictures, and how often the two classes are confused."""

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    pictures: int = Field(description="Measured pictures with both tags")
    lost: float | None = Field(
        description="In the pictures with both tags: share of the class's true pixels painted as the other"
    )
    stolen: float | None = Field(
        description="In the same pictures: share of the pixels painted as the class that belong to the other"
    )
    pixels: int = Field(description="Number of pixels confused, in both directions")
    iou_with: float | None = Field(description="IoU of the class over its pictures with the other tag")
    iou_without: float | None = Field(description="IoU of the class over its pictures without the other tag")


class PictureOfClass(BaseModel):
    """One of the best or worst pictures of a class."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    class_iou: float
    iou: float | None = Field(description="Mean over the classes of the picture")


class ClassPage(BaseModel):
    """All figures about one class of a dataset."""

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    pictures: int = Field(description="Number of measured pictures in which the class is tagged")
    stages: list[StageOfClass]
    together: list[OtherTag] = Field(description="Those first that are confused with the class most often")
    worst: list[PictureOfClass]
    best: list[PictureOfClass]


def class_page(found: Survey, index: int, names: Mapping[int, str]) -> ClassPage:
    """All figures about a class.

    Args:
        found: The survey of the dataset.
        index: Index of the class; 0 is the background.
        names: Class names by index, without the background.
    """
    ranked = sorted(
        (
            (iou, row)
            for row in found.rows
            if (index == 0 or index in row.tags)
            and (iou := figures_of(found.cells.get(row.id, []), index).iou) is not None
        ),
        key=lambda one: (one[0], one[1].id),
    )
    # With few pictures each list gets half of them, so that none is in both.
    worst = ranked[: min(SHOWN, (len(ranked) + 1) // 2)]
    best = ranked[::-1][: min(SHOWN, len(ranked) - len(worst))]
    return ClassPage(
        index=index,
        name=names.get(index, "background"),
        pictures=len(ranked),
        stages=[_stage(stage, index) for stage in found.stages],
        together=together(found, index, names) if index else [],
        worst=[_picture(row, iou) for iou, row in worst],
        best=[_picture(row, iou) for iou, row in best],
    )


def figures_of(cells: Cells, index: int) -> Figures:
    """The figures of a class from the cells of a confusion matrix, without pixels that are void in truth."""
    known = [cell for cell in cells if cell[0] != VOID]
    hit = sum(pixels for truth, shown, pixels in known if truth == shown == index)
    true = sum(pixels for truth, _, pixels in known if truth == index)
    shown = sum(pixels for _, one, pixels in known if one == index)
    return _figures(hit, true, shown)


def together(found: Survey, index: int, names: Mapping[int, str]) -> list[OtherTag]:
    """The other tags of a class's pictures, first those that are confused with the class most often."""
    own = [row for row in found.rows if index in row.tags and row.id in found.cells]
    others = sorted({tag for row in own for tag in row.tags if tag != index})
    figures = []
    for other in others:
        both = [cell for row in own if other in row.tags for cell in found.cells[row.id] if cell[0] != VOID]
        alone = [cell for row in own if other not in row.tags for cell in found.cells[row.id]]
        true = sum(pixels for truth, _, pixels in both if truth == index)
        painted = sum(pixels for _, shown, pixels in both if shown == index)
        lost = sum(pixels for truth, shown, pixels in both if (truth, shown) == (index, other))
        stolen = sum(pixels for truth, shown, pixels in both if (truth, shown) == (other, index))
        figures.append(
            OtherTag(
                index=other,
                name=names.get(other, f"class {other}"),
                pictures=sum(other in row.tags for row in own),
                lost=lost / true if true else None,
                stolen=stolen / painted if painted else None,
                pixels=lost + stolen,
                iou_with=figures_of(both, index).iou,
                iou_without=figures_of(alone, index).iou,
            )
        )
    return sorted(figures, key=lambda one: -one.pixels)


def _stage(stage: StageFigures, index: int) -> StageOfClass:
    points = _curve(stage, index)
    known = [(point.iou, point) for point in points or [] if point.iou is not None]
    return StageOfClass(
        name=stage.name,
        title=stage.title,
        threshold=stage.threshold,
        pictures=stage.pictures,
        **figures_of(stage.confusion, index).model_dump(),
        curve=points,
        oracle=max(known, key=lambda one: one[0])[1] if known else None,
    )


def _curve(stage: StageFigures, index: int) -> list[CurvePoint] | None:
    curve = stage.curve
    if curve is None or index >= len(curve.hit) or not stage.pictures:
        return None
    true = sum(pixels for truth, _, pixels in stage.confusion if truth == index)
    return [
        CurvePoint(threshold=threshold, **_figures(hit, true, shown).model_dump())
        for threshold, hit, shown in zip(curve.thresholds, curve.hit[index], curve.shown[index], strict=True)
    ]


def _figures(hit: int, true: int, shown: int) -> Figures:
    union = true + shown - hit
    return Figures(
        iou=hit / union if union else None,
        precision=hit / shown if shown else None,
        recall=hit / true if true else None,
    )


def _picture(row: Row, iou: float) -> PictureOfClass:
    return PictureOfClass(id=row.id, name=row.name, class_iou=iou, iou=row.iou)
