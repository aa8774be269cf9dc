from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.data.images import read_rgb
from trainer.masks.crf import crf_available
from trainer.masks.crf_oracle import best_crf_score
from trainer.masks.evaluation import score_of
from trainer.masks.metrics import confusion_matrix
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.run.map_storage import ClassMaps, load_maps, save_maps

pytestmark = pytest.mark.skipif(not crf_available().available, reason=crf_available().reason)

THRESHOLDS = (0.1, 0.5, 0.9)


def test_the_best_threshold_is_that_of_making_pseudo_labels_with_each(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_voc(pictures=2)
    dataset, truth = open_dataset(root, "train"), GroundTruth(root)
    rng = np.random.default_rng(0)

    def path_of(identifier: str) -> Path:
        return tmp_path / f"{identifier}.safetensors"

    for image in dataset.images:
        inside = (truth.mask(image.id) > 0)[::4, ::4]
        maps = 0.6 * inside + 0.4 * rng.random(inside.shape)
        save_maps(path_of(image.id), ClassMaps(image.tags, (40, 60), maps[None].astype(np.float32)))

    def by_hand(threshold: float) -> float:
        total = np.zeros((3, 3), dtype=np.int64)
        config = PseudoLabelConfig(background_threshold=threshold)
        for image in dataset.images:
            maps = load_maps(path_of(image.id))
            labels = pseudo_label(read_rgb(image.path), maps.maps_khw, maps.class_indices, config)
            total += confusion_matrix(truth.mask(image.id), labels, 3)
        return score_of(total, "skip").miou

    best = best_crf_score(
        dataset.images,
        path_of,
        truth,
        3,
        thresholds=THRESHOLDS,
        iterations=10,
        min_piece_share=0.001,
        absent="skip",
    )
    assert best is not None
    expected = {threshold: by_hand(threshold) for threshold in THRESHOLDS}
    assert best.miou == pytest.approx(max(expected.values()))
    assert best.threshold == max(expected, key=lambda threshold: expected[threshold])


def test_without_thresholds_or_truth_there_is_no_oracle(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_voc(pictures=1)
    images = open_dataset(root, "train").images
    for thresholds, truth in (((), GroundTruth(root)), (THRESHOLDS, GroundTruth(tmp_path / "nothing"))):
        score = best_crf_score(
            images,
            lambda _: tmp_path,
            truth,
            3,
            thresholds=thresholds,
            iterations=1,
            min_piece_share=0,
            absent="skip",
        )
        assert score is None
