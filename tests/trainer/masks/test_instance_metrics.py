"""Average precision of instances, on made scenes whose answer is written out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer import commands
from trainer.data.dataset import DatasetError
from trainer.data.masks import write_mask
from trainer.masks.instance_metrics import FoundInstance, InstancePrecision, TrueInstance
from trainer.run.directory import RunDir
from trainer.run.instance_storage import Instances, save_instances

CAT, DOG = 200, 3


def box(left: int, right: int) -> np.ndarray:
    pixels = np.zeros((4, 20), bool)
    pixels[:, left:right] = True
    return pixels


TWO_CATS = [TrueInstance(CAT, box(0, 8)), TrueInstance(CAT, box(8, 16))]


def precision(found: list[FoundInstance], truth: list[TrueInstance], threshold: float = 0.5) -> float | None:
    collected = InstancePrecision(threshold)
    collected.add(found, truth)
    return collected.mean()


def test_the_truth_has_precision_1() -> None:
    found = [FoundInstance(one.class_index, one.pixels, 0.3) for one in TWO_CATS]
    assert precision(found, TWO_CATS) == 1.0
    assert precision(found, TWO_CATS, 1.0) == 1.0


def test_two_objects_in_one_mask_are_one_find_at_most() -> None:
    merged = [FoundInstance(CAT, box(0, 16), 1.0)]
    assert precision(merged, TWO_CATS, 0.5) == 0.5  # IoU of exactly one half with one of them
    assert precision(merged, TWO_CATS, 0.7) == 0.0


def test_a_second_find_of_one_object_is_a_false_alarm() -> None:
    found = [
        FoundInstance(CAT, box(0, 8), 0.9),
        FoundInstance(CAT, box(0, 7), 0.8),
        FoundInstance(CAT, box(8, 16), 0.7),
    ]
    # Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1: the falling curve is 1 up to 1/2, then 2/3.
    assert precision(found, TWO_CATS) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, 1.0), (0.7, 0.0)])
def test_the_threshold_decides_what_a_find_is(threshold: float, expected: float) -> None:
    found = [FoundInstance(CAT, box(0, 5), 1.0)]  # 5 of 8 columns: IoU 0.625
    assert precision(found, [TWO_CATS[0]], threshold) == expected


def test_classes_count_alike_and_only_those_of_the_truth() -> None:
    truth = [*TWO_CATS, TrueInstance(DOG, box(16, 20))]
    found = [FoundInstance(one.class_index, one.pixels, 1.0) for one in TWO_CATS]
    collected = InstancePrecision(0.5)
    collected.add([*found, FoundInstance(7, box(0, 4), 1.0)], truth)
    assert collected.by_class() == {DOG: 0.0, CAT: 1.0}
    assert collected.mean() == 0.5
    assert InstancePrecision(0.5).mean() is None


def test_void_pixels_do_not_count() -> None:
    void = box(4, 8)
    collected = InstancePrecision(0.9)
    collected.add([FoundInstance(CAT, box(0, 4), 1.0)], [TWO_CATS[0]], void)
    assert collected.mean() == 1.0


def test_finds_of_all_pictures_are_ranked_together() -> None:
    collected = InstancePrecision(0.5)
    collected.add([FoundInstance(CAT, box(16, 20), 0.9)], [TWO_CATS[0]])
    collected.add([FoundInstance(CAT, box(0, 8), 0.8)], [TWO_CATS[0]])
    # The false alarm comes first: precision 0, 1/2 at recall 0, 1/2.
    assert collected.mean() == pytest.approx(0.25)


@pytest.fixture
def run_with_a_scene(tmp_path: Path) -> tuple[Path, Path]:
    """A run that found one of two touching cats and both as one dog, and a dataset that knows better."""
    root, run = tmp_path / "voc", tmp_path / "run"
    numbers, classes = np.zeros((4, 20), np.uint8), np.zeros((4, 20), np.uint8)
    numbers[:, :8], numbers[:, 8:16], numbers[:, 16:18] = 1, 2, 255
    classes[:, :16], classes[:, 16:18] = CAT, 255
    for folder, mask in (("SegmentationObject", numbers), ("SegmentationClass", classes)):
        write_mask(root / folder / "a.png", mask)
        write_mask(root / folder / "not-in-the-run.png", mask)
    ids = np.zeros((4, 20), np.uint8)
    ids[:, :8], ids[:, 8:18] = 1, 2
    save_instances(RunDir(run).instances_path("a"), Instances(ids, (CAT, DOG), (0.9, 0.8)))
    return run, root


def test_a_run_is_measured_on_the_pictures_whose_objects_are_known(
    run_with_a_scene: tuple[Path, Path],
) -> None:
    run, root = run_with_a_scene
    assert commands.evaluate_instances(run, root) == {
        "pictures": 1,
        "objects": 2,
        "ap50": 0.5,
        "ap70": 0.5,
        "per_class": {str(CAT): {"ap50": 0.5, "ap70": 0.5}},
    }


def test_a_dataset_without_objects_and_masks_of_another_size_are_refused(
    run_with_a_scene: tuple[Path, Path], tmp_path: Path
) -> None:
    run, root = run_with_a_scene
    with pytest.raises(DatasetError, match="No picture has instances"):
        commands.evaluate_instances(run, tmp_path)
    write_mask(root / "SegmentationClass" / "a.png", np.zeros((3, 20), np.uint8))
    with pytest.raises(DatasetError, match="differ in size"):
        commands.evaluate_instances(run, root)
