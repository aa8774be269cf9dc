"""Every method that trains a classifier: from tags to stored maps, which its run's model makes again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from PIL import Image

from tests.trainer.killed_training import Training, train_until_killed
from trainer import pipeline
from trainer.benchmarks.photographs import photographs
from trainer.cams.classifier import cell_maps
from trainer.cams.trained import KIND as CLASSIFIER
from trainer.classify_config import ClassifyConfig, ClassifyMethod
from trainer.contract import AFFINITY, CAMS, CLASSIFY, PIXELS, REFINE, SEGMENT, STAGES
from trainer.data.images import read_rgb
from trainer.errors import TrainerUsageError
from trainer.models.edges import KIND as WALK
from trainer.models.proposal import run_model
from trainer.models.segmentation import KIND as SEGMENTATION
from trainer.nn.encoders import build_encoder
from trainer.nn.methods import NETWORKS, build_classifier
from trainer.recipes import load_recipe
from trainer.run.checkpoints import load_tensors
from trainer.run.directory import RunDir
from trainer.run.map_storage import load_maps
from trainer.training.methods import STEPS, build_step

METHODS: tuple[ClassifyMethod, ...] = get_args(ClassifyMethod)
SLOW = ("classify.optimizer.learning_rate=0.0001", "classify.loss.logit_offset=-3")
"""On four pictures the maps would soon be negative everywhere."""
OVERRIDES: dict[str, tuple[str, ...]] = {}
"""What a method needs beyond the recipe `tiny`."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs and their mirror images at 96 x 128, a cat and a cup, each with one tag."""
    root = tmp_path_factory.mktemp("photographs")
    rows = ["image,tags"]
    for name, picture in zip(("cat", "cup"), photographs((96, 128)), strict=False):
        for number, pixels in enumerate((picture, picture[:, ::-1])):
            Image.fromarray(pixels).save(root / f"{name}{number}.png")
            rows.append(f"{name}{number}.png,{name}")
    (root / "tags.csv").write_text("\n".join(rows), encoding="utf-8")
    return root


def test_every_method_has_a_network_and_a_training_step() -> None:
    assert set(NETWORKS) == set(STEPS) == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_the_model_of_a_run_makes_the_maps_that_its_stage_stored(
    method: ClassifyMethod, root: Path, tmp_path: Path
) -> None:
    settings = (f"classify.method={method}", *SLOW, *OVERRIDES.get(method, ()))
    recipe = load_recipe("tiny", settings)
    run = pipeline.run(recipe, root, "train", tmp_path / "run", device="cpu", stages=(CLASSIFY, CAMS))
    names = {name: name[:3] for name in ("cat0", "cat1", "cup0", "cup1")}
    stored = np.stack([load_maps(RunDir(run.path).cam_path(name)).maps_khw for name in names])
    model = run_model(run.path, "cpu").sources
    made = [model.multi_scale(read_rgb(root / f"{name}.png"), [tag]) for name, tag in names.items()]
    assert stored.max() > 0.9
    np.testing.assert_allclose(stored, np.stack(made), atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_takes_any_number_of_classes_and_pictures_larger_than_its_crop(
    method: ClassifyMethod,
) -> None:
    torch.manual_seed(0)
    config = ClassifyConfig(method=method, batch_statistics="frozen")
    network = build_classifier(build_encoder("lite0"), 23, config)
    labels = torch.zeros(2, 23)
    labels[0, 22], labels[1, [0, 5]] = 1.0, 1.0
    batch = {"images": torch.rand(2, 3, 49, 70), "labels": labels}
    batch["superpixels"] = torch.zeros(2, 4, 5, dtype=torch.uint8)
    losses = build_step(network.train(), config)(batch, 0.5)
    assert torch.isfinite(losses["loss"])
    with torch.no_grad():
        features = network.eval().map_features(torch.rand(1, 3, 544, 16))
        maps = cell_maps(network.map_weights([22, 0]), features)
    assert maps.shape == (1, 2, 34, 1)  # the last row too


def test_an_unknown_method_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TrainerUsageError, match=r"classify\.method.*'puzzle'.*'plain'"):
        load_recipe("tiny", ("classify.method=cam2",))


def test_the_model_of_a_run_walks_by_the_affinities_that_it_trained(root: Path, tmp_path: Path) -> None:
    recipe = load_recipe("tiny", ("affinity.method=psa", "affinity.radius=2", "pixels.enabled=false", *SLOW))
    stages = (CLASSIFY, CAMS, AFFINITY, PIXELS, REFINE)
    run = pipeline.run(recipe, root, "train", tmp_path / "run", device="cpu", stages=stages)
    stored = load_maps(RunDir(run.path).walk_path("cup0")).maps_khw
    model, picture = run_model(run.path, "cpu"), read_rgb(root / "cup0.png")
    made = model.final_maps(picture, ["cup"])
    np.testing.assert_allclose(stored, made, atol=2e-3)
    edges = model.edges(picture, (18, 24))
    assert edges is not None
    assert edges.shape == (18, 24)
    assert 0.0 <= edges.min() < edges.max() <= 1.0


TRAININGS = {
    "classify-seam": ("classify.method=seam", "classify.epochs=4"),
    "classify-seenet": ("classify.method=seenet", "classify.epochs=4"),
    "classify-ficklenet": ("classify.method=ficklenet", "classify.epochs=4"),
    "classify-icd": ("classify.method=icd", "classify.epochs=4"),
    SEGMENT: ("segment.method=dsrg", "segment.epochs=4", "affinity.enabled=false", "segment.use_crf=false"),
    AFFINITY: ("affinity.method=psa", "affinity.psa.trains_backbone=true", "affinity.epochs=4"),
}
"""Settings of each training that is new here, with four steps, by the name of its test."""


@pytest.fixture(scope="module")
def killed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs, by the names of `TRAININGS`, which were killed after the third step."""
    folder = tmp_path_factory.mktemp("killed")
    train_until_killed(
        [
            Training(str(root), str(folder / name), (*SLOW, *settings), _stage(name), 3)
            for name, settings in TRAININGS.items()
        ]
    )
    return folder


def _stage(name: str) -> str:
    return name.partition("-")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("name", TRAININGS)
def test_kill_9_then_resume_ends_with_the_weights_of_an_uninterrupted_training(
    name: str, root: Path, tmp_path: Path, killed: Path, one_thread: None
) -> None:
    recipe, stage = load_recipe("tiny", (*SLOW, *TRAININGS[name])), _stage(name)
    stages = STAGES[: STAGES.index(stage) + 1]
    assert not RunDir(killed / name).model_path(stage).exists()
    pipeline.run(recipe, root, "train", tmp_path / "whole", stages, device="cpu")
    events: list[dict[str, Any]] = []
    pipeline.run(recipe, root, "train", killed / name, stages, device="cpu", listeners=(events.append,))
    assert [event["step"] for event in events if event["kind"] == "resumed" and "step" in event] == [2]
    kind = {CLASSIFY: CLASSIFIER, AFFINITY: WALK, SEGMENT: SEGMENTATION}[stage]
    paths = [RunDir(path).model_path(stage) for path in (tmp_path / "whole", killed / name)]
    whole, resumed = (load_tensors(path, kind).tensors for path in paths)
    assert [key for key, tensor in whole.items() if not torch.equal(tensor, resumed[key])] == []


def test_plain_trains_without_tiles(root: Path, tmp_path: Path) -> None:
    recipe = load_recipe("tiny", ("classify.method=plain",))
    run = pipeline.run(recipe, root, "train", tmp_path / "run", device="cpu", stages=(CLASSIFY,))
    record = RunDir(run.path).record(CLASSIFY)
    assert record is not None
    assert set(record.summary["losses"]) == {"loss", "classification"}
