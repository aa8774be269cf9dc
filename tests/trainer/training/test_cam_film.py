"""The film of a training: the same few pictures after every epoch, and the training none the wiser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer import pipeline
from trainer.cams.trained import KIND
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.recipes import load_recipe
from trainer.run.checkpoints import read_header
from trainer.run.directory import RunDir
from trainer.run.events import Event
from trainer.run.map_storage import load_maps
from trainer.stages import classify
from trainer.training.cam_film import PICTURES, film_pictures, frame_path

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = ("classify.view.crop=32", "classify.view.min_side=24", "classify.view.max_side=40")


def train(root: Path, path: Path) -> list[Event]:
    heard: list[Event] = []
    recipe = load_recipe("tiny", SMALL)
    pipeline.run(recipe, root, "train", path, ["classify"], device="cpu", listeners=(heard.append,))
    return [event for event in heard if event["kind"] == "film"]


def test_frames_are_taken_before_the_first_step_and_after_every_epoch_and_change_no_weights(
    make_voc: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_voc(pictures=8)
    events = train(root, tmp_path / "filmed")
    assert [event["epoch"] for event in events] == [0, 1, 2]
    assert len(events[0]["pictures"]) == PICTURES
    assert events[0]["pictures"] == events[2]["pictures"]
    maps = load_maps(frame_path(RunDir(tmp_path / "filmed").film_path, 2, events[0]["pictures"][1]))
    assert maps.maps_khw.shape[0] == len(maps.class_indices) == 1
    assert maps.image_size == (40, 60)

    monkeypatch.setattr(classify.CamFilm, "capture", lambda *_: None)
    assert train(root, tmp_path / "plain") == []
    hashes = {
        read_header(RunDir(tmp_path / name).model_path("classify"), KIND)["sha256"]
        for name in ("filmed", "plain")
    }
    assert len(hashes) == 1


def test_pictures_without_tags_are_not_filmed() -> None:
    images = [TaggedImage(str(number), Path("x"), (1,) if number % 2 else ()) for number in range(30)]
    chosen = film_pictures(TaggedDataset(Path(), "train", ("cat",), images))
    assert len(chosen) == PICTURES
    assert all(image.tags for image in chosen)
    assert len({image.id for image in chosen}) == PICTURES
