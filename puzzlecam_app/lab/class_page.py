"""One class over a dataset: what each stage gets right, who takes its pixels, its best and worst pictures."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from db.palette import VOID
from puzzlecam_app.lab.survey import Row, StageFigures, Survey

SHOWN = 8
"""Pictures at either end."""

Cells = list[tuple[int, int, int]]


class Figures(BaseModel):
    """What is right of a class, each in [0, 1]; null where no pixel counts."""

    model_config = ConfigDict(frozen=True)

    iou: float | None
    precision: float | None = Field(description="Share of what is painted as the class that is right")
    recall: float | None = Field(description="Share of the class that is painted as it")


class CurvePoint(Figures):
    """The figures of a class at one background threshold."""

    threshold: float


class StageOfClass(Figures):
    """The figures of a class after one stage of the pipeline."""

    name: str
    title: str
    threshold: float | None = Field(description="Fixed beforehand; null where the stage makes masks itself")
    pictures: int
    curve: list[CurvePoint] | None = Field(description="Null where the stage makes no maps")
    oracle: CurvePoint | None = Field(description="At the threshold that is best according to the truth")


class OtherTag(BaseModel):
    """Another tag of the pictures of a class."""

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    pictures: int = Field(description="Measured pictures with both tags")
    lost: float | None = Field(
        description="Share of the class's true pixels, in the pictures with both tags, painted as the other"
    )
    stolen: float | None = Field(
        description="Share of what is painted as the class, in the same pictures, that is the other's"
    )
    pixels: int = Field(description="Pixels that either takes from the other")
    iou_with: float | None = Field(description="IoU of the class over its pictures with the other tag")
    iou_without: float | None = Field(description="IoU of the class over its pictures without the other tag")


class PictureOfClass(BaseModel):
    """A picture at one end of the order by the IoU of a class."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    class_iou: float
    iou: float | None = Field(description="Mean over the classes of the picture")


class ClassPage(BaseModel):
    """Everything about one class over a dataset."""

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    pictures: int = Field(description="Measured pictures that the class counts in")
    stages: list[StageOfClass]
    together: list[OtherTag] = Field(description="Those first that have most to do with its mistakes")
    worst: list[PictureOfClass]
    best: list[PictureOfClass]


def class_page(found: Survey, index: int, names: Mapping[int, str]) -> ClassPage:
    """Everything about a class.

    Args:
        found: a survey.
        index: the class; 0 is the background.
        names: of the classes.
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
    # Of few pictures each half; none is on both sides.
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
    """The figures of a class from the cells of a confusion matrix; true pixels that are void do not count."""
    known = [cell for cell in cells if cell[0] != VOID]
    hit = sum(pixels for truth, shown, pixels in known if truth == shown == index)
    true = sum(pixels for truth, _, pixels in known if truth == index)
    shown = sum(pixels for _, one, pixels in known if one == index)
    return _figures(hit, true, shown)


def together(found: Survey, index: int, names: Mapping[int, str]) -> list[OtherTag]:
    """The other tags of a class's pictures; those first that have most to do with its mistakes."""
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
