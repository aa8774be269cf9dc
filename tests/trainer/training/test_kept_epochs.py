"""Classifiers kept after each epoch: there when asked for, the last one that of the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer import pipeline
from trainer.cams.trained import KIND
from trainer.models.proposal import run_model
from trainer.recipes import load_recipe
from trainer.run.checkpoints import CheckpointError, read_header
from trainer.run.directory import RunDir
from trainer.training.kept_epochs import kept_epochs

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = ("classify.view.crop=32", "classify.view.min_side=24", "classify.view.max_side=40")


def train(root: Path, path: Path, *settings: str) -> RunDir:
    recipe = load_recipe("tiny", (*SMALL, *settings))
    pipeline.run(recipe, root, "train", path, ["classify"], device="cpu")
    return RunDir(path)


def test_a_run_keeps_its_epochs_only_when_asked(make_voc: Callable[..., Path], tmp_path: Path) -> None:
    root = make_voc(pictures=8)
    kept = train(root, tmp_path / "kept", "classify.keep_epochs=true")
    assert kept_epochs(kept) == (0, 1, 2)
    hashes = [read_header(kept.epoch_path(epoch), KIND)["sha256"] for epoch in (0, 1, 2)]
    assert len(set(hashes)) == 3
    assert hashes[-1] == read_header(kept.model_path("classify"), KIND)["sha256"]
    # Keeping them is a matter of disk, not of results: the stage is not run again.
    assert kept_epochs(train(root, tmp_path / "kept")) == (0, 1, 2)
    image = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    tag = kept.manifest().dataset.class_names[0]
    first, last, run = (run_model(kept.path, "cpu", epoch=epoch).cams(image, [tag]) for epoch in (0, 2, None))
    assert not np.array_equal(first.cams_khw, last.cams_khw)
    np.testing.assert_array_equal(last.cams_khw, run.cams_khw)
    with pytest.raises(CheckpointError, match="epoch-0009"):
        run_model(kept.path, "cpu", epoch=9)


def test_nothing_is_kept_without_the_setting(make_voc: Callable[..., Path], tmp_path: Path) -> None:
    assert kept_epochs(train(make_voc(pictures=4), tmp_path / "run", "classify.epochs=1")) == ()
