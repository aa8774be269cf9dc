"""Masks are compared only with masks that number their classes alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer import commands
from trainer.data.class_files import write_class_file
from trainer.data.dataset import DatasetError
from trainer.data.masks import write_mask


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    write_mask(tmp_path / "out" / "a.png", np.array([[0, 1, 2]], np.uint8))
    write_mask(tmp_path / "data" / "SegmentationClass" / "a.png", np.array([[0, 1, 2]], np.uint8))
    (tmp_path / "list.txt").write_text("a\n")
    return tmp_path


def measured(masks: Path, classes_file: Path | None = None) -> dict[str, Any]:
    return commands.evaluate(masks / "out", masks / "data", masks / "list.txt", classes_file=classes_file)


def test_without_any_class_list_nothing_is_measured(masks: Path) -> None:
    with pytest.raises(DatasetError, match=r"Nothing says which classes .* --classes voc"):
        measured(masks)


def test_the_list_beside_the_masks_of_a_run_counts(masks: Path) -> None:
    write_class_file(masks / "out", ("cat", "dog"))
    assert measured(masks)["per_class"] == {"background": 1.0, "cat": 1.0, "dog": 1.0}


def test_the_list_of_the_dataset_counts(masks: Path) -> None:
    (masks / "data" / "classes.txt").write_text("background\ncat\ndog\n")
    assert list(measured(masks)["per_class"]) == ["background", "cat", "dog"]


@pytest.mark.parametrize("where", ["data", "data/SegmentationClass"])
def test_lists_that_differ_are_refused(masks: Path, where: str) -> None:
    write_class_file(masks / "out", ("cat", "dog"))
    write_class_file(masks / where, ("dog", "cat"))
    with pytest.raises(DatasetError, match=r"differ: index 1 is 'cat' in one and 'dog' in the other"):
        measured(masks)


def test_a_list_that_was_given_must_agree_too(masks: Path) -> None:
    write_class_file(masks / "out", ("cat", "dog"))
    with pytest.raises(DatasetError, match="differ"):
        measured(masks, Path("voc"))


def test_void_of_the_list_is_left_out(masks: Path) -> None:
    (masks / "data" / "labels.txt").write_text("background\ncat\nvoid\nbird\n")
    assert measured(masks)["per_class"] == {"background": 1.0, "cat": 1.0, "bird": None}


def test_ground_truth_of_0_and_255_alone_measures_nothing(masks: Path) -> None:
    write_mask(masks / "data" / "SegmentationClass" / "a.png", np.array([[0, 255, 255]], np.uint8))
    write_class_file(masks / "data", ("cat", "dog"))
    with pytest.raises(DatasetError, match=r"hold only background \(0\) and void \(255\)"):
        measured(masks)
