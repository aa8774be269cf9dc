"""Every method that trains a classifier: from tags to stored maps, which its run's model makes again."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from trainer import pipeline
from trainer.benchmarks.photographs import photographs
from trainer.classify_config import ClassifyMethod
from trainer.contract import CAMS, CLASSIFY
from trainer.data.images import read_rgb
from trainer.errors import TrainerUsageError
from trainer.models.proposal import run_model
from trainer.nn.methods import NETWORKS
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.run.map_storage import load_maps
from trainer.training.methods import STEPS

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


def test_an_unknown_method_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TrainerUsageError, match=r"classify\.method.*'puzzle'.*'plain'"):
        load_recipe("tiny", ("classify.method=cam2",))


def test_plain_trains_without_tiles(root: Path, tmp_path: Path) -> None:
    recipe = load_recipe("tiny", ("classify.method=plain",))
    run = pipeline.run(recipe, root, "train", tmp_path / "run", device="cpu", stages=(CLASSIFY,))
    record = RunDir(run.path).record(CLASSIFY)
    assert record is not None
    assert set(record.summary["losses"]) == {"loss", "classification"}
