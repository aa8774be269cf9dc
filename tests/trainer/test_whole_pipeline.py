"""Every stage of the recipe `tiny`, from tagged pictures to a measured segmentation network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer import commands
from trainer.contract import STAGES
from trainer.data.ground_truth import read_mask
from trainer.data.images import read_rgb
from trainer.masks.crf import crf_available
from trainer.models.proposal import run_model
from trainer.run.directory import RunDir
from trainer.run.instance_storage import load_instances
from trainer.run.map_storage import load_maps

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.slow
def test_tiny_runs_from_end_to_end(make_voc: Callable[..., Path], tmp_path: Path) -> None:
    root = make_voc(pictures=6)
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("p0\np1\n", encoding="utf-8")
    result = commands.train(
        root,
        "train",
        "tiny",
        tmp_path / "run",
        device="cpu",
        overrides=("evaluate.crf_oracle_thresholds=[0.2]", "affinity.displacement=true"),
    )

    assert {name: stage["status"] for name, stage in result["stages"].items()} == dict.fromkeys(
        STAGES, "done"
    )
    rows = {row["name"]: row for row in result["metrics"]}
    assert list(rows) == ["cam", "pixels", "walk", "pseudo", "segmentation"]
    assert (rows["walk"]["split"], rows["segmentation"]["split"]) == ("train", "val")
    assert (rows["pseudo"]["pictures"], rows["segmentation"]["pictures"]) == (6, 2)
    for name in ("cam", "pixels", "walk"):
        assert rows[name]["oracle"]["miou"] >= rows[name]["honest"]["miou"]
    if crf_available().available:
        assert rows["pseudo"]["oracle"]["miou"] >= rows["pseudo"]["honest"]["miou"]
    assert rows["segmentation"]["oracle"] is None, (
        "one network at its last epoch: there was nothing to choose"
    )

    directory = RunDir(tmp_path / "run")
    for path in (directory.pseudo_path("p1"), directory.prediction_path("val", "p1")):
        mask = read_mask(path)
        assert mask.shape == (40, 60)
        with Image.open(path) as image:
            assert image.mode == "P"
    instances = load_instances(directory.instances_path("p1"))
    assert instances.ids_hw.shape == (40, 60)
    assert set(instances.class_indices) <= {2}
    # Pseudo-labels hold only what a picture is tagged with.
    assert set(np.unique(read_mask(directory.pseudo_path("p1")))) <= {0, 2}

    figures = commands.evaluate(
        directory.path / "pseudo",
        root,
        root / "ImageSets" / "Segmentation" / "train.txt",
        classes_file=root / "labels.txt",
    )
    assert figures["miou"] == pytest.approx(rows["pseudo"]["honest"]["miou"])

    # The run's model does to any picture what the stages did to those they were trained on.
    model = run_model(tmp_path / "run", "cpu")
    picture = read_rgb(root / "JPEGImages" / "p1.png")
    cams = model.cams(picture, ["dog"])
    stored = load_maps(directory.walk_path("p1")).maps_khw
    np.testing.assert_allclose(cams.cams_khw, stored, atol=0.01)
    agreeing = model.mask(picture, cams, [2]) == read_mask(directory.pseudo_path("p1"))
    assert agreeing.mean() > 0.99
    assert model.identity.startswith("run-model/trained/")
    assert "+walk-" in model.identity
    assert "+pixels-" in model.identity

    html = commands.report(tmp_path / "run").read_text(encoding="utf-8")
    assert all(f"Losses of {stage}" in html for stage in ("classify", "affinity", "pixels", "segment"))


@pytest.mark.slow
def test_without_a_split_to_predict_the_rest_is_measured(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    overrides = (
        "classify.epochs=0",
        "affinity.enabled=false",
        "pixels.enabled=false",
        "segment.epochs=0",
        "refine.use_crf=false",
    )
    result = commands.train(
        make_voc(pictures=4), "train", "tiny", tmp_path / "run", device="cpu", overrides=overrides
    )
    titles = {row["name"]: row["title"] for row in result["metrics"]}
    assert titles == {"cam": "CAM", "pseudo": "CAM"}, "neither walk nor CRF"
    assert "+walk-" not in run_model(tmp_path / "run", "cpu").identity
    assert (
        json.loads(RunDir(tmp_path / "run").metrics_path.read_text(encoding="utf-8"))["rows"]
        == result["metrics"]
    )
