"""One class over a dataset: what each stage gets right, who takes its pixels, its best and worst pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.palette import VOID
from puzzlecam_app.lab.survey import Row, StageFigures, Survey

SHOWN = 8
"""Pictures at either end."""

Cells = list[tuple[int, int, int]]


def class_page(found: Survey, index: int, names: Mapping[int, str]) -> dict[str, Any]:
    """Everything about a class.

    Args:
        found: a survey.
        index: the class; 0 is the background.
        names: of the classes.

    Returns:
        "stages": IoU, precision and recall a stage, and the threshold curve of those that make maps;
        "together": the other tags of its pictures; "worst" and "best": pictures by the IoU of this class.
    """
    ranked = sorted(
        (
            (iou, row)
            for row in found.rows
            if (index == 0 or index in row.tags)
            and (iou := figures_of(found.cells.get(row.id, []), index)["iou"]) is not None
        ),
        key=lambda one: (one[0], one[1].id),
    )
    # Of few pictures each half; none is on both sides.
    worst = ranked[: min(SHOWN, (len(ranked) + 1) // 2)]
    best = ranked[::-1][: min(SHOWN, len(ranked) - len(worst))]
    return {
        "index": index,
        "name": names.get(index, "background"),
        "pictures": len(ranked),
        "stages": [_stage(stage, index) for stage in found.stages],
        "together": together(found, index, names) if index else [],
        "worst": [_picture(row, iou) for iou, row in worst],
        "best": [_picture(row, iou) for iou, row in best],
    }


def figures_of(cells: Cells, index: int) -> dict[str, Any]:
    """IoU, precision and recall of a class in [0, 1] from cells of a confusion; None where nothing counts."""
    known = [cell for cell in cells if cell[0] != VOID]
    hit = sum(pixels for truth, shown, pixels in known if truth == shown == index)
    true = sum(pixels for truth, _, pixels in known if truth == index)
    shown = sum(pixels for _, one, pixels in known if one == index)
    return _figures(hit, true, shown)


def together(found: Survey, index: int, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Tags that stand beside a class, those first that have most to do with its mistakes.

    "lost" is the share of the class's true pixels, in the pictures with both tags, that are painted as the
    other; "stolen" the share of what is painted as the class that is the other's. "iou_with" and
    "iou_without" compare the class over its pictures with and without the other tag.
    """
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
            {
                "index": other,
                "name": names.get(other, f"class {other}"),
                "pictures": sum(other in row.tags for row in own),
                "lost": lost / true if true else None,
                "stolen": stolen / painted if painted else None,
                "pixels": lost + stolen,
                "iou_with": figures_of(both, index)["iou"],
                "iou_without": figures_of(alone, index)["iou"],
            }
        )
    return sorted(figures, key=lambda one: -one["pixels"])


def _stage(stage: StageFigures, index: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "name": stage.name,
        "title": stage.title,
        "threshold": stage.threshold,
        "pictures": stage.pictures,
        **figures_of(stage.confusion, index),
        "curve": None,
        "oracle": None,
    }
    curve = stage.curve
    if curve is None or index >= len(curve.hit) or not stage.pictures:
        return answer
    true = sum(pixels for truth, _, pixels in stage.confusion if truth == index)
    points = [
        {"threshold": threshold, **_figures(hit, true, shown)}
        for threshold, hit, shown in zip(curve.thresholds, curve.hit[index], curve.shown[index], strict=True)
    ]
    answer["curve"] = points
    known = [point for point in points if point["iou"] is not None]
    if known:
        answer["oracle"] = max(known, key=lambda point: point["iou"])
    return answer


def _figures(hit: int, true: int, shown: int) -> dict[str, Any]:
    union = true + shown - hit
    return {
        "iou": hit / union if union else None,
        "precision": hit / shown if shown else None,
        "recall": hit / true if true else None,
    }


def _picture(row: Row, iou: float) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "class_iou": iou, "iou": row.iou}
