"""All looked-at pictures of a dataset measured: signals, IoU where there is truth, and the classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from db.annotations import latest_proposal, latest_revision
from db.items import all_items, get_item
from db.palette import VOID
from puzzlecam_app.display import write_atomically
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.services import Services

SIGNALS: Mapping[str, str] = {
    "disagreement": "Whole and tiled CAM disagree, the largest of the tags",
    "coverage": "Share of the picture above the threshold",
    "entropy": "Entropy of tags and background, mean over the picture",
    "undecided": "Share of the picture within 0.1 of the threshold",
    "score": "Mean of the strongest tag above the threshold",
    "flips": "Share of pixels that the CRF changed",
}
"""What is measured of a picture without any truth, each in [0, 1]."""

SUSPICIOUS_WHEN_LOW = ("coverage", "score")
"""Little that is sure; of the other signals high values are suspicious."""

_DONE = ("accepted", "corrected")
Report = Callable[[int, int], None]


class Row(BaseModel):
    """One picture."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    tags: list[int]
    disagreement: float
    coverage: float
    entropy: float
    undecided: float
    score: float
    flips: float | None = Field(description="Null where the model has not proposed a mask")
    iou: float | None = Field(description="Of the proposal with the truth; null where one of them is missing")


class Survey(BaseModel):
    """What was found of a dataset with one model."""

    model: str
    rows: list[Row]
    skipped: int = Field(description="Tagged pictures that this model has not looked at yet")
    measured: int = Field(description="Pictures with truth and proposal")
    confusion: list[tuple[int, int, int]] = Field(description="True class, proposed class, pixels")


@dataclass(frozen=True)
class _Picture:
    item: ItemFacts
    proposal: str | None
    truth: str | None


def survey_path(cache_dir: Path, dataset_id: int) -> Path:
    """File of a dataset's last survey."""
    return cache_dir / "lab" / f"survey-{dataset_id}.json"


def load_survey(path: Path) -> Survey | None:
    """The last survey; None where there is none, or it is of an older version."""
    try:
        return Survey.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def survey(services: Services, dataset_id: int, report: Report) -> Survey:
    """Measure every picture of a dataset that the model has looked at, and keep the result.

    No map is computed: `propose` does that ahead of time, or Review when a picture is opened.
    """
    from trainer.metrics import confusion_matrix, iou_per_class

    model = services.predictor.model
    with services.database.read() as session:
        ids = [item.id for item in all_items(session, dataset_id)]
    rows: list[Row] = []
    skipped = measured = 0
    total = np.zeros((256, 256), dtype=np.int64)
    for number, item_id in enumerate(ids):
        report(number, len(ids))
        picture = _find(services, item_id)
        if not picture.item.tags:
            continue
        row, mask = _measure(services, picture)
        if row is None:
            skipped += 1
            continue
        if mask is not None and picture.truth is not None:
            counts = confusion_matrix(services.masks.get(picture.truth), mask, 256)
            total += counts
            measured += 1
            row = row.model_copy(update={"iou": float(np.nanmean(iou_per_class(counts)))})
        rows.append(row)
    found = Survey(
        model=model.identity,
        rows=rows,
        skipped=skipped,
        measured=measured,
        confusion=[(int(a), int(b), int(total[a, b])) for a, b in zip(*np.nonzero(total), strict=True)],
    )
    path = survey_path(services.workspace.cache_dir, dataset_id)
    write_atomically(path, json.dumps(found.model_dump(mode="json")).encode())
    report(len(ids), len(ids))
    return found


def _find(services: Services, item_id: int) -> _Picture:
    """A picture with the hashes of the model's proposal and of its ground truth or accepted mask."""
    with services.database.read() as session:
        item = read_item(session, item_id)
        truth = get_item(session, item_id).ground_truth
        newest = latest_revision(session, item_id)
        if truth is None and newest is not None and newest.action in _DONE:
            truth = newest.mask_hash
        proposal = latest_proposal(session, item_id)
        is_own = proposal is not None and proposal.proposed_by == services.predictor.proposer
        return _Picture(item, proposal.mask_hash if proposal and is_own else None, truth)


def _measure(services: Services, picture: _Picture) -> tuple[Row | None, NDArray[np.uint8] | None]:
    from trainer.pseudo_labels import PseudoLabelConfig, threshold_labels
    from trainer.signals import picture_signals

    item = picture.item
    cams = services.predictor.cached_cams(item.sha256, item.tag_names)
    if cams is None:
        return None, None
    settings: PseudoLabelConfig = services.predictor.model.refinement
    signals = picture_signals(cams, settings.background_threshold)
    mask = flips = None
    if picture.proposal is not None:
        mask = services.masks.get(picture.proposal)
        labels = threshold_labels(cams.cams_khw, settings.background_threshold, mask.shape)
        table = np.array([0, *item.tags], dtype=np.uint8)
        flips = float((table[labels] != mask).mean())
    row = Row(id=item.id, name=item.name, tags=list(item.tags), flips=flips, iou=None, **asdict(signals))
    return row, mask


def ranking(rows: list[Row], bad_below: float) -> list[dict[str, Any]]:
    """How well each signal finds bad masks among the measured pictures, the best first.

    Args:
        rows: of a survey; those without IoU do not count.
        bad_below: a mask with a lower IoU is bad.

    Returns:
        For each signal "name", "spearman" with one minus the IoU, "auroc", and "order": whether "high" or
        "low" values are suspicious. The order is fixed beforehand; below 0.5 it is wrong here.
    """
    from trainer.signals import auroc, spearman

    found = []
    for name in SIGNALS:
        pairs = [
            (float(getattr(row, name)), row.iou)
            for row in rows
            if row.iou is not None and getattr(row, name) is not None
        ]
        order = "low" if name in SUSPICIOUS_WHEN_LOW else "high"
        sign = -1.0 if order == "low" else 1.0
        values = [sign * value for value, _ in pairs]
        correlation = spearman(values, [1.0 - iou for _, iou in pairs])
        area = auroc(values, [iou < bad_below for _, iou in pairs])
        found.append({"name": name, "spearman": correlation, "auroc": area, "order": order})
    return sorted(found, key=lambda one: -(one["auroc"] or 0.0))


def class_figures(confusion: list[tuple[int, int, int]], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """IoU, precision and recall of each class over all measured pictures, and what it is taken for.

    Precision falls where a class is painted too far (over-activation), recall where it is not painted
    (under-activation). "missed" and "stolen" are the classes that take most of its pixels, and from which it
    takes most, with their share of its true or painted pixels; the background counts as one.
    """
    cells = {(truth, shown): pixels for truth, shown, pixels in confusion if truth != VOID}
    figures = []
    for index, name in {0: "background", **names}.items():
        there = {shown: pixels for (truth, shown), pixels in cells.items() if truth == index}
        painted = {truth: pixels for (truth, shown), pixels in cells.items() if shown == index}
        hit, true, shown = cells.get((index, index), 0), sum(there.values()), sum(painted.values())
        if not true and not shown:
            continue
        figures.append(
            {
                "index": index,
                "name": name,
                "iou": hit / (true + shown - hit),
                "precision": hit / shown if shown else None,
                "recall": hit / true if true else None,
                "missed": _largest(there, index, true, names),
                "stolen": _largest(painted, index, shown, names),
            }
        )
    return figures


def _largest(
    pixels: Mapping[int, int], own: int, total: int, names: Mapping[int, str]
) -> list[dict[str, Any]]:
    others = sorted(((count, index) for index, count in pixels.items() if index != own), reverse=True)[:2]
    return [
        {"name": names.get(index, "background"), "share": count / total} for count, index in others if count
    ]
