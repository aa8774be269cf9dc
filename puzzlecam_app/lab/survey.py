"""What a survey of a dataset holds, how it is kept, and which signals and classes it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from db.palette import VOID
from puzzlecam_app.lab.looking import Kept
from trainer.machine.durable_write import write_atomic

Signal = Literal["disagreement", "coverage", "entropy", "undecided", "score", "flips"]
SIGNALS: Mapping[Signal, str] = {
    "disagreement": "Whole and tiled CAM disagree, the largest of the tags",
    "coverage": "Share of the picture above the threshold",
    "entropy": "Entropy of tags and background, mean over the picture",
    "undecided": "Share of the picture within 0.1 of the threshold",
    "score": "Mean of the strongest tag above the threshold",
    "flips": "Share of pixels that the CRF changed",
}
"""What is measured of a picture without any truth, each in [0, 1]."""

SUSPICIOUS_WHEN_LOW = ("score",)
"""Little that is sure; of the other signals high values are suspicious. That holds of coverage too: maps that
run over their objects are more frequent than maps that leave one out (docs/lab.md)."""


class Row(BaseModel):
    """One picture."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    tags: list[int]
    disagreement: float | None = Field(description="Null of runs, which do not keep the CAMs of tiles")
    coverage: float
    entropy: float
    undecided: float
    score: float
    flips: float | None = Field(description="Null where the model has not proposed a mask")
    iou: float | None = Field(description="Of the proposal with the truth; null where one of them is missing")


class Curve(BaseModel):
    """Pixels of each class at rising background thresholds, from one histogram pass.

    `hit` and `shown` have a list a class, background first, with a number a threshold.
    """

    thresholds: list[float]
    hit: list[list[int]]
    shown: list[list[int]]


class StageFigures(BaseModel):
    """What a stage of the pipeline gets right over all pictures that have truth."""

    name: str
    title: str
    threshold: float | None = Field(description="Fixed beforehand; null where the stage makes masks itself")
    pictures: int
    confusion: list[tuple[int, int, int]] = Field(description="True class, shown class, pixels")
    curve: Curve | None = Field(description="Of stages that make maps")


class RankedSignal(BaseModel):
    """How well a signal finds bad masks among the measured pictures."""

    model_config = ConfigDict(frozen=True)

    name: Signal
    spearman: float | None = Field(description="Rank correlation with one minus the IoU")
    auroc: float | None = Field(description="Probability that a bad mask comes before a good one")
    order: Literal["high", "low"] = Field(
        description="Which values are suspicious, fixed beforehand: with an AUROC below 0.5 it is wrong here"
    )


class ShareOfPixels(BaseModel):
    """A class and its share of another class's pixels."""

    model_config = ConfigDict(frozen=True)

    name: str
    share: float


class ClassFigures(BaseModel):
    """What is right of a class over all measured pictures, and which classes it is confused with.

    Precision falls where a class is painted too far (over-activation), recall where it is not painted
    (under-activation). The background counts as a class.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    iou: float
    precision: float | None
    recall: float | None
    missed: list[ShareOfPixels] = Field(
        description="Classes that take most of its pixels, with their share of its true pixels"
    )
    stolen: list[ShareOfPixels] = Field(
        description="Classes that it takes most pixels from, with their share of its painted pixels"
    )


class Survey(BaseModel):
    """What was found of a dataset with one model or run."""

    source: str = Field(description="See `puzzlecam_app.lab.sources`")
    model: str
    rows: list[Row]
    skipped: int = Field(description="Tagged pictures that it has not looked at")
    measured: int = Field(description="Pictures with truth and mask")
    taught: int = Field(description="Pictures left out of figures: the run learned from their accepted mask")
    confusion: list[tuple[int, int, int]] = Field(description="True class, class in the mask, pixels")
    stages: list[StageFigures]
    cells: dict[int, list[tuple[int, int, int]]] = Field(description="By picture, the same of its mask")


def survey_path(cache_dir: Path, dataset_id: int, source: str) -> Path:
    """File of the last survey of a dataset with a source."""
    return cache_dir / "lab" / f"survey-{dataset_id}-{source}.json"


def store_survey(path: Path, found: Survey) -> None:
    """Keep a survey, whole or not at all."""
    write_atomic(path, found.model_dump_json().encode())


def load_survey(path: Path) -> Survey | None:
    """The last survey; None where there is none, or it is of an older version."""
    try:
        return Survey.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


class Surveys:
    """The last survey of each dataset and source, read again when its file has changed.

    Safe to use from several threads.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        self._kept = Kept()

    def get(self, dataset_id: int, source: str) -> Survey | None:
        """The last survey; None where the dataset has not been measured with that source."""
        path = survey_path(self._cache_dir, dataset_id, source)
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:
            return None
        found: Survey | None = self._kept.or_made((dataset_id, source, changed_ns), lambda: load_survey(path))
        return found


def ranking(rows: list[Row], bad_below: float) -> list[RankedSignal]:
    """How well each signal finds bad masks among the measured pictures, the best first.

    Args:
        rows: of a survey; those without IoU do not count.
        bad_below: a mask with a lower IoU is bad.
    """
    from trainer.cams.signals import auroc, spearman

    found = []
    for name in SIGNALS:
        pairs = [
            (float(getattr(row, name)), row.iou)
            for row in rows
            if row.iou is not None and getattr(row, name) is not None
        ]
        is_low = name in SUSPICIOUS_WHEN_LOW
        sign = -1.0 if is_low else 1.0
        values = [sign * value for value, _ in pairs]
        found.append(
            RankedSignal(
                name=name,
                spearman=spearman(values, [1.0 - iou for _, iou in pairs]),
                auroc=auroc(values, [iou < bad_below for _, iou in pairs]),
                order="low" if is_low else "high",
            )
        )
    return sorted(found, key=lambda one: -(one.auroc or 0.0))


def class_figures(confusion: list[tuple[int, int, int]], names: Mapping[int, str]) -> list[ClassFigures]:
    """The figures of each class that has a true or painted pixel, background first."""
    cells = {(truth, shown): pixels for truth, shown, pixels in confusion if truth != VOID}
    figures = []
    for index, name in {0: "background", **names}.items():
        there = {shown: pixels for (truth, shown), pixels in cells.items() if truth == index}
        painted = {truth: pixels for (truth, shown), pixels in cells.items() if shown == index}
        hit, true, shown = cells.get((index, index), 0), sum(there.values()), sum(painted.values())
        if not true and not shown:
            continue
        figures.append(
            ClassFigures(
                index=index,
                name=name,
                iou=hit / (true + shown - hit),
                precision=hit / shown if shown else None,
                recall=hit / true if true else None,
                missed=_largest(there, index, true, names),
                stolen=_largest(painted, index, shown, names),
            )
        )
    return figures


def _largest(
    pixels: Mapping[int, int], own: int, total: int, names: Mapping[int, str]
) -> list[ShareOfPixels]:
    others = sorted(((count, index) for index, count in pixels.items() if index != own), reverse=True)[:2]
    return [
        ShareOfPixels(name=names.get(index, "background"), share=count / total)
        for count, index in others
        if count
    ]
