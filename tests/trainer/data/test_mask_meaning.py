"""Masks are read only where a class list says what their indices mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer import commands
from trainer.benchmarks.zero_shot import measure
from trainer.data.accepted import check_accepted
from trainer.data.class_list import VOC_CLASS_LIST
from trainer.data.dataset import DatasetError
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.data.labels import VOC_CLASSES
from trainer.data.masks import write_mask
from trainer.studies.simulate.simulation import SimulationConfig, simulate

MakeVoc = Callable[..., Path]


@pytest.fixture
def no_list(make_voc: MakeVoc) -> Path:
    """Masks and tags of classes that are not VOC's, without a class file."""
    root = make_voc(classes=("zebra", "ant"))
    (root / "labels.txt").unlink()
    return root


def test_masks_without_a_class_list_are_not_read(no_list: Path) -> None:
    dataset = open_dataset(no_list, "train")
    assert dataset.class_names == ("ant", "zebra")
    with pytest.raises(DatasetError, match=r"Nothing says which classes .* add .*labels\.txt"):
        GroundTruth.of(dataset)
    with pytest.raises(DatasetError, match="Nothing says which classes"):
        GroundTruth(no_list).mask("p0")


@pytest.mark.parametrize("name", ["classes.txt", "class_names.txt", "labelmap.txt"])
def test_a_class_file_of_another_name_says_what_masks_mean(no_list: Path, name: str) -> None:
    (no_list / name).write_text("background\nzebra\nant\n")
    dataset = open_dataset(no_list, "train")
    assert dataset.class_names == ("zebra", "ant")
    assert set(np.unique(GroundTruth.of(dataset).mask("p1"))) == {0, 2}


def test_void_in_the_list_is_void_in_the_ground_truth(make_voc: MakeVoc) -> None:
    root = make_voc(classes=("cat", "void", "dog"), pictures=3)
    (root / "tags.csv").write_text("image,tags\np0.png,cat\np1.png,\np2.png,dog\n")
    dataset = open_dataset(root, "train")
    truth = GroundTruth.of(dataset)
    assert [image.tags for image in dataset.images] == [(1,), (), (3,)]
    assert [sorted(np.unique(truth.mask(f"p{n}")).tolist()) for n in range(3)] == [[0, 1], [0, 255], [0, 3]]


def test_no_tags_are_not_vocs_tags(make_voc: MakeVoc) -> None:
    root = make_voc(pictures=1)
    (root / "labels.txt").unlink()
    (root / "tags.csv").write_text("image,tags\np0.png,\n")
    with pytest.raises(DatasetError, match="has 0 classes"):
        open_dataset(root, "train")


def test_vocs_tags_say_that_the_classes_are_vocs(make_voc: MakeVoc) -> None:
    root = make_voc(classes=("cat", "dog"))
    (root / "labels.txt").unlink()
    dataset = open_dataset(root, "train")
    assert dataset.class_names == VOC_CLASSES
    assert dataset.class_list == VOC_CLASS_LIST


def test_all_splits_of_a_dataset_have_the_same_classes(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("image,tags,split\na.jpg,dog,train\nb.jpg,ant,val\n")
    assert open_dataset(tmp_path, "train").class_names == ("ant", "dog")


def test_pictures_are_not_read_as_masks(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("image,tags\na.png,dog\n")
    (tmp_path / "labels.txt").write_text("dog\n")
    write_mask(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    assert not GroundTruth.of(open_dataset(tmp_path, "all")).has("a")


def test_accepted_masks_without_a_class_list_are_refused(no_list: Path) -> None:
    write_mask(no_list / "accepted" / "p0.png", np.zeros((40, 60), np.uint8))
    with pytest.raises(DatasetError, match="Nothing says which classes"):
        check_accepted(open_dataset(no_list, "train"))


def test_a_simulation_refuses_masks_without_a_class_list(no_list: Path) -> None:
    config = SimulationConfig(("ours",), "zero-shot", 1, 0.0, (0,), None)
    with pytest.raises(DatasetError, match="Nothing says which classes"):
        simulate(no_list, "train", config)


def test_the_zero_shot_benchmark_refuses_masks_without_a_class_list(no_list: Path) -> None:
    with pytest.raises(DatasetError, match="Nothing says which classes"):
        measure(open_dataset(no_list, "train"))


def test_a_run_measures_nothing_without_a_class_list_and_says_why(no_list: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    overrides = ("classify.epochs=0", "cams.max_side=32")
    stages = ("classify", "cams", "evaluate")
    made = commands.train(no_list, "train", "tiny", run, stages=stages, overrides=overrides, device="cpu")
    assert made["metrics"] == []
    note = json.loads((run / "metrics.json").read_text())["note"]
    assert "Nothing was measured. Nothing says which classes the indices in" in note
