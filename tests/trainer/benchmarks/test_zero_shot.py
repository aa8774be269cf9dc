"""The benchmark of zero-shot pseudo-masks, on a dataset of two photographs that scikit-image ships."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image
from typer.testing import CliRunner

from trainer.benchmarks.zero_shot import app, measure
from trainer.data.dataset import DatasetError
from trainer.data.voc import VocDataset
from trainer.errors import TrainerError
from trainer.masks.pseudo_labels import PseudoLabelConfig


@pytest.fixture
def dataset_root(tmp_path):
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (tmp_path / folder).mkdir(parents=True)
    picture = Image.fromarray(skimage.data.chelsea()).resize((96, 64))
    truth = np.zeros((64, 96), dtype=np.uint8)
    truth[10:60, 15:80] = 8
    for name in ("one", "two"):
        picture.save(tmp_path / "JPEGImages" / f"{name}.jpg")
    Image.fromarray(truth).save(tmp_path / "SegmentationClass" / "one.png")
    (tmp_path / "ImageSets/Segmentation/train.txt").write_text("one\ntwo\n")
    (tmp_path / "tags.csv").write_text("image,tags\none.jpg,cat\ntwo.jpg,cat\n")
    return tmp_path


def test_only_pictures_with_ground_truth_are_measured_at_the_fixed_threshold(dataset_root):
    figures = measure(VocDataset(dataset_root, "train"))
    assert figures.pictures == 1
    assert figures.cam.threshold == PseudoLabelConfig().background_threshold
    assert 0.2 < figures.cam.miou <= figures.cam_oracle.miou <= 1.0
    assert figures.cam.per_class[8] > 0.3
    assert figures.cam.per_class[1] is None


def test_json_keeps_honest_and_oracle_figures_apart(dataset_root):
    result = CliRunner().invoke(app, ["--dataset-root", str(dataset_root), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report["honest"]) == {"cam", "cam_crf"}
    assert set(report["oracle"]) == {"cam"}


def test_a_dataset_without_masks_is_explained(dataset_root):
    (dataset_root / "SegmentationClass" / "one.png").unlink()
    with pytest.raises(TrainerError, match="nothing to measure"):
        measure(VocDataset(dataset_root, "train"))


def test_an_unknown_split_ends_with_a_sentence(dataset_root):
    result = CliRunner().invoke(app, ["--dataset-root", str(dataset_root), "--split", "test"])
    assert result.exit_code == DatasetError.code.exit_code
    assert "no list of the split 'test'" in result.stderr
