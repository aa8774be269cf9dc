"""Measures a dataset with one source: signals and IoU by picture, classes and thresholds by stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from db.items import present_items, set_doubt
from db.labels import latest_label_set
from puzzlecam_app.lab.sources import STUDIO, MapStage, Picture, Seen, Source, find_picture
from puzzlecam_app.lab.survey import Curve, Row, StageFigures, Survey, store_survey, survey_path
from puzzlecam_app.runs.jobs import Report
from puzzlecam_app.services import Services

if TYPE_CHECKING:
    from trainer.run.map_storage import ClassMaps

THRESHOLDS = 50
"""Evenly spaced thresholds of a curve, in addition to the one that was fixed beforehand."""

Confusion = NDArray[np.int64]


class _MaskCounts:
    """Pixels of masks that need no threshold, counted picture by picture."""

    def __init__(self, name: str, title: str) -> None:
        self._name, self._title = name, title
        self._total = np.zeros((256, 256), dtype=np.int64)
        self._pictures = 0

    def add(self, counts: Confusion) -> None:
        self._total += counts
        self._pictures += 1

    def figures(self) -> StageFigures:
        return StageFigures(
            name=self._name,
            title=self._title,
            threshold=None,
            pictures=self._pictures,
            confusion=cells_of(self._total),
            curve=None,
        )


class _StageCounts:
    """Pixels of one stage, counted picture by picture."""

    def __init__(self, stage: MapStage, class_count: int) -> None:
        from trainer.masks.metrics import ThresholdSweep

        fixed = float(np.float32(stage.threshold))
        spread = np.linspace(0, 1, THRESHOLDS + 2)[1:-1]
        self.thresholds = sorted({fixed, *(float(np.float32(value)) for value in spread)})
        self._fixed = self.thresholds.index(fixed)
        self._stage = stage
        self._sweep = ThresholdSweep(self.thresholds, class_count)
        self._pictures = 0

    def add(self, truth: NDArray[np.uint8], maps: ClassMaps) -> None:
        from trainer.masks.evaluation import strongest_class

        strongest, score = strongest_class(maps)
        self._sweep.add(truth, strongest, score)
        self._pictures += 1

    def figures(self) -> StageFigures:
        confusions = self._sweep.confusions()
        hit = np.diagonal(confusions, axis1=1, axis2=2).T
        return StageFigures(
            name=self._stage.name,
            title=self._stage.title,
            threshold=self._stage.threshold,
            pictures=self._pictures,
            confusion=cells_of(confusions[self._fixed]),
            curve=Curve(
                thresholds=[round(value, 6) for value in self.thresholds],
                hit=hit.tolist(),
                shown=confusions.sum(axis=1).T.tolist(),
            ),
        )


def measure(services: Services, dataset_id: int, source: Source, report: Report) -> Survey:
    """Measure every picture of a dataset that the source has processed, and store the result.

    No map is computed here: the command `propose` computes them ahead of time, the Review page when a picture
    is opened, and a run in its stages.
    """
    from trainer.cams.signals import review_doubt
    from trainer.masks.metrics import confusion_matrix, iou_per_class

    with services.database.read() as session:
        ids = [item.id for item in present_items(session, dataset_id)]
        unknown = {item.id for item in present_items(session, dataset_id) if item.doubt_rank > 0}
        indices = [one.index for one in latest_label_set(session, dataset_id).classes]
    class_count = max([0, *indices]) + 1
    stages = {stage.name: _StageCounts(stage, class_count) for stage in source.stages}
    rows: list[Row] = []
    cells: dict[int, list[tuple[int, int, int]]] = {}
    masks = _MaskCounts("mask", source.mask_title)
    predictions = _MaskCounts("segmentation", source.predicted_title or "")
    skipped = taught = 0
    for number, item_id in enumerate(ids):
        report(number, len(ids))
        picture = find_picture(services, item_id)
        if not picture.item.tags:
            continue
        is_taught = picture.truth is not None and source.is_taught(item_id)
        measures_with = None if is_taught else picture.truth
        seen = source.see(picture)
        predicted = None if measures_with is None else source.predicted(picture)
        # Decoding is expensive: only where something is measured.
        is_known = seen is not None or predicted is not None
        truth = services.masks.get(measures_with) if measures_with is not None and is_known else None
        if truth is not None and predicted is not None:
            predictions.add(confusion_matrix(truth, predicted, 256))
        if seen is None:
            skipped += 1
            continue
        row = _row(picture, seen, source)
        taught += is_taught
        if truth is not None:
            for name, maps in seen.maps.items():
                stages[name].add(truth, maps)
            if seen.mask is not None:
                counts = confusion_matrix(truth, seen.mask, 256)
                masks.add(counts)
                cells[item_id] = cells_of(counts)
                row = row.model_copy(update={"iou": float(np.nanmean(iou_per_class(counts)))})
        rows.append(row)
    # The doubt is that of the proposal, which another model makes where a run is published.
    if source.key == STUDIO and services.proposals.predictor_of(dataset_id) is services.predictor:
        is_self_trained = services.predictor.model.self_trained is not None
        doubts = {row.id: review_doubt(row, is_self_trained=is_self_trained) for row in rows}
        _note_doubts(services, {item_id: doubts[item_id] for item_id in unknown & doubts.keys()})
    figures = [*(one.figures() for one in stages.values()), masks.figures()]
    if source.predicted_title is not None:
        figures.append(predictions.figures())
    found = Survey(
        source=source.key,
        model=source.identity,
        rows=rows,
        skipped=skipped,
        measured=len(cells),
        taught=taught,
        confusion=masks.figures().confusion,
        stages=figures,
        cells=cells,
    )
    store_survey(survey_path(services.workspace.cache_dir, dataset_id, source.key), found)
    report(len(ids), len(ids))
    return found


def cells_of(confusion: Confusion) -> list[tuple[int, int, int]]:
    """The cells of a confusion matrix that are not zero: true class, shown class, pixels."""
    return [(int(a), int(b), int(confusion[a, b])) for a, b in zip(*np.nonzero(confusion), strict=True)]


def _row(picture: Picture, seen: Seen, source: Source) -> Row:
    from trainer.cams.signals import map_signals
    from trainer.masks.pseudo_labels import threshold_labels

    item = picture.item
    final = list(seen.maps.values())[-1]
    signals = map_signals(final.maps_khw, source.mask_threshold, seen.disagreement)
    flips = None
    if seen.mask is not None:
        labels = threshold_labels(final.maps_khw, source.mask_threshold, final.image_size)
        table = np.array([0, *final.class_indices], dtype=np.uint8)
        flips = float((table[labels] != seen.mask).mean())
    return Row(id=item.id, name=item.name, tags=list(item.tags), flips=flips, iou=None, **asdict(signals))


def _note_doubts(services: Services, doubts: Mapping[int, float]) -> None:
    """Store the doubt of pictures whose proposals an older version of the studio made without one."""
    waiting = list(doubts.items())
    for start in range(0, len(waiting), 100):
        with services.database.write() as session:
            set_doubt(session, dict(waiting[start : start + 100]))
