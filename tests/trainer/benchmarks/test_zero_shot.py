"""The benchmark of zero-shot pseudo-masks, on a dataset of two photographs that scikit-image ships."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image
from typer.testing import CliRunner

from trainer import cli
from trainer.benchmarks.zero_shot import measure
from trainer.data.dataset import DatasetError
from trainer.data.voc import VocDataset
from trainer.errors import TrainerError, TrainerUsageError
from trainer.masks.pseudo_labels import PseudoLabelConfig
from trainer.pretrained.clip import ClipError

COMMAND = ["bench", "zero-shot", "--dataset-root"]


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
    result = CliRunner().invoke(cli.app, [*COMMAND, str(dataset_root), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report["honest"]) == {"cam", "cam_crf"}
    assert set(report["oracle"]) == {"cam"}


def test_a_dataset_without_masks_is_explained(dataset_root):
    (dataset_root / "SegmentationClass" / "one.png").unlink()
    with pytest.raises(TrainerError, match="nothing to measure"):
        measure(VocDataset(dataset_root, "train"))


def test_an_unknown_split_ends_with_a_sentence(dataset_root):
    result = CliRunner().invoke(cli.app, [*COMMAND, str(dataset_root), "--split", "test"])
    assert isinstance(result.exception, DatasetError)
    assert "no list of the split 'test'" in str(result.exception)


def test_a_benchmark_without_a_dataset_says_what_is_missing():
    result = CliRunner().invoke(cli.app, ["bench", "zero-shot"])
    assert isinstance(result.exception, TrainerUsageError)
    assert "needs --dataset-root DIR" in str(result.exception)


def test_an_unknown_source_is_answered_with_the_known_ones(dataset_root):
    result = CliRunner().invoke(cli.app, [*COMMAND, str(dataset_root), "--source", "sam"])
    assert "choose one of imagenet, clip, clip-es" in str(result.exception)


def test_clip_without_its_weights_says_what_to_do_before_any_work(dataset_root):
    pytest.importorskip("open_clip", reason="needs the extra words (open_clip_torch)")
    gone = dataset_root / "gone.safetensors"
    arguments = ["--source", "clip", "--clip-weights", str(gone)]
    result = CliRunner().invoke(cli.app, [*COMMAND, str(dataset_root), *arguments])
    assert isinstance(result.exception, ClipError)
    assert "gone.safetensors does not exist" in str(result.exception)


@pytest.mark.parametrize("source", ["clip", "clip-es"])
def test_clip_is_measured_like_the_imagenet_classifier(dataset_root, source):
    tiny_clip = pytest.importorskip("tests.trainer.tiny_clip")
    tiny_clip.register(dataset_root)
    arguments = ["--source", source, "--clip-weights", str(tiny_clip.saved(dataset_root))]
    arguments += ["--clip-network", tiny_clip.NETWORK, "--json"]
    result = CliRunner().invoke(cli.app, [*COMMAND, str(dataset_root), *arguments])
    assert result.exit_code == 0, result.exception
    report = json.loads(result.stdout)
    assert report["model"].startswith(f"zero-shot-{source}-v1/tiny-clip-")
    assert 0 <= report["honest"]["cam"]["miou"] <= 1
