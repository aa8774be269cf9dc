"""The survey of a dataset: its fields, its file, and the figures about signals and classes made from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from db.palette import VOID
from puzzlecam_app.lab.memory import LruCache
from trainer.machine.durable_write import write_atomic

Signal = Literal["disagreement", "coverage", "entropy", "undecided", "score", "flips"]
SIGNALS: Mapping[Signal, str] = {
    "disagreement": "Disagreement of whole and tiled map, the largest of the tags",
    "coverage": "Share of the picture where a map exceeds the threshold",
    "entropy": "Entropy of tags and background, mean over the picture",
    "undecided": "Share of the picture whose strongest map is within 0.1 of the threshold",
    "score": "Mean of the strongest map where it exceeds the threshold",
    "flips": "Share of the pixels that the CRF changed",
}
"""What is measured of a picture without a reference mask, each in [0, 1]."""

SUSPICIOUS_WHEN_LOW = ("score",)
"""Signals of which low values are suspicious; of all others high values are. That includes coverage, because
maps that extend beyond their objects are more frequent than maps that miss an object (docs/lab.md)."""


class Row(BaseModel):
    """The signals and the IoU of one picture."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    tags: list[int]
    disagreement: float | None = Field(description="Null for runs, which do not store tiled maps")
    coverage: float
    entropy: float
    undecided: float
    score: float
    flips: float | None = Field(description="Null if the source has no mask of the picture")
    iou: float | None = Field(
        description="Mean IoU of the mask with the reference mask; null if one of them is missing"
    )


class Curve(BaseModel):
    """Pixels of each class at increasing thresholds.

    `hit` (true positives) and `shown` (painted pixels) have one list per class, background first, with one
    number per threshold.
    """

    thresholds: list[float]
    hit: list[list[int]]
    shown: list[list[int]]


class StageFigures(BaseModel):
    """How well a stage of the pipeline does over all pictures with a reference mask."""

    name: str
    title: str
    threshold: float | None = Field(description="Fixed beforehand; null if the stage makes masks, not maps")
    pictures: int
    confusion: list[tuple[int, int, int]] = Field(description="True class, class in the mask, pixels")
    curve: Curve | None = Field(description="Null if the stage makes masks, not maps")


class RankedSignal(BaseModel):
    """How well a signal finds bad masks among the measured pictures."""

    model_config = ConfigDict(frozen=True)

    name: Signal
    spearman: float | None = Field(description="Rank correlation with one minus the IoU")
    auroc: float | None = Field(description="Probability that a bad mask comes before a good one")
    order: Literal["high", "low"] = Field(
        description="Which values are suspicious. Fixed beforehand: an AUROC below 0.5 means it is wrong here"
    )


class ShareOfPixels(BaseModel):
    """A class and its share of another class's pixels."""

    model_config = ConfigDict(frozen=True)

    name: str
    share: float


class ClassFigures(BaseModel):
    """How well a class does over all measured pictures, and which classes it is confused with.

    Low precision means that it is painted beyond its objects (over-activation), low recall that parts of its
    objects are not painted (under-activation). The background counts as a class.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    iou: float
    precision: float | None
    recall: float | None
    missed: list[ShareOfPixels] = Field(
        description="Up to two classes that most of its true pixels are painted as, with their share of these"
    )
    stolen: list[ShareOfPixels] = Field(
        description="Up to two classes that most of its painted pixels belong to, with their share of these"
    )


class Survey(BaseModel):
    """All figures about a dataset and one source."""

    source: str = Field(description="Key of the source: studio, or run-N")
    model: str
    rows: list[Row]
    skipped: int = Field(description="Number of tagged pictures that the source has not processed")
    measured: int = Field(description="Number of pictures with mask and reference mask")
    taught: int = Field(
        description="Number of pictures not measured because the run was trained on their accepted mask"
    )
    confusion: list[tuple[int, int, int]] = Field(description="True class, class in the mask, pixels")
    stages: list[StageFigures]
    cells: dict[int, list[tuple[int, int, int]]] = Field(description="The same for each picture, by its id")


def survey_path(cache_dir: Path, dataset_id: int, source: str) -> Path:
    """File of the last survey of a dataset with a source."""
    return cache_dir / "lab" / f"survey-{dataset_id}-{source}.json"


def store_survey(path: Path, found: Survey) -> None:
    """Store a survey, completely or not at all."""
    write_atomic(path, found.model_dump_json().encode())


def load_survey(path: Path) -> Survey | None:
    """The last survey; None if there is none, or an older version of the studio wrote it."""
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
        self._kept = LruCache()

    def get(self, dataset_id: int, source: str) -> Survey | None:
        """The last survey; None if the dataset has not been measured with that source."""
        path = survey_path(self._cache_dir, dataset_id, source)
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:
            return None
        found: Survey | None = self._kept.get_or_make(
            (dataset_id, source, changed_ns), lambda: load_survey(path)
        )
        return found


def ranking(rows: list[Row], bad_below: float) -> list[RankedSignal]:
    """How well each signal finds bad masks among the measured pictures, the best signal first.

    Args:
        rows: Rows of a survey; those without IoU are left out.
        bad_below: A mask with a lower IoU is bad.
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
    """The figures of each class with a true or painted pixel, background first."""
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
