"""The stage graph on a few pictures: skipped, changed, cut off, and bad input."""

from __future__ import annotations

import errno
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import warm
from trainer import pipeline
from trainer.cams.trained import KIND
from trainer.config import Recipe
from trainer.contract import FailureCode
from trainer.data.dataset import DatasetError
from trainer.data.masks import write_mask
from trainer.errors import DiskFullError, TrainerUsageError
from trainer.nn.encoders import EncoderError
from trainer.recipes import load_recipe
from trainer.run.checkpoints import CheckpointError, read_header
from trainer.run.directory import AnotherDatasetError, RunDir, RunDirInUseError
from trainer.run.events import Event, read_events
from trainer.stages import cams

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = (
    "classify.view.crop=32",
    "classify.view.min_side=24",
    "classify.view.max_side=40",
    "cams.max_side=48",
)
STAGES = ("classify", "cams", "evaluate")
UNTRAINED = "classify.epochs=0"
"""The stage is there, for tests in which it does not matter how much it trains."""


def recipe(*overrides: str) -> Recipe:
    return load_recipe("tiny", [*SMALL, *overrides])


def run(
    root: Path, path: Path, *overrides: str, stages: tuple[str, ...] = STAGES, **keywords: Any
) -> list[Event]:
    """Run stages; the events of this call."""
    heard: list[Event] = []
    listeners = (heard.append, *keywords.pop("listeners", ()))
    pipeline.run(
        recipe(*overrides), root, "train", path, stages, device="cpu", listeners=listeners, **keywords
    )
    return heard


def stages_of(events: list[Event], kind: str) -> list[str]:
    return [event["stage"] for event in events if event["kind"] == kind]


def last_failure(path: Path) -> Event:
    return [event for event in read_events(RunDir(path).events_path) if event["kind"] == "run_failed"][-1]


def classifier_hash(path: Path) -> str:
    return str(read_header(RunDir(path).model_path("classify"), KIND)["sha256"])


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_stages_run_once_and_again_only_if_what_they_depend_on_changed(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    root = make_voc()
    assert stages_of(run(root, run_path, UNTRAINED), "stage_started") == list(STAGES)
    assert stages_of(run(root, run_path, UNTRAINED), "stage_skipped") == list(STAGES)
    # The settings of a stage re-run it and what depends on it, not what comes before.
    changed = run(root, run_path, UNTRAINED, "cams.scales=[0.5]")
    assert (stages_of(changed, "stage_skipped"), stages_of(changed, "stage_started")) == (
        ["classify"],
        ["cams", "evaluate"],
    )
    # Settings of the machine re-run nothing.
    machine = run(root, run_path, UNTRAINED, "cams.scales=[0.5]", "classify.checkpoint_every_steps=7")
    assert stages_of(machine, "stage_started") == []

    manifest = RunDir(run_path).manifest()
    assert {name: record.status for name, record in manifest.stages.items()} == dict.fromkeys(STAGES, "done")
    assert manifest.stages["evaluate"].inputs == {"cams": manifest.stages["cams"].key}
    assert manifest.recipe["cams"]["scales"] == [0.5]


def test_a_stage_that_has_nothing_to_do_says_so_each_time(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root, first, second = make_voc(), tmp_path / "first", tmp_path / "second"
    stages = ("classify", "cams", "affinity", "evaluate")

    def skipped(path: Path, kind: str, reuse: tuple[Path, ...] = ()) -> dict[str, str]:
        events = run(root, path, UNTRAINED, "affinity.enabled=false", stages=stages, reuse=reuse)
        return {one["stage"]: one["skipped"] for one in events if one["kind"] == kind and "skipped" in one}

    reason = "The recipe turns it off (affinity.enabled)."
    assert skipped(first, "stage_finished") == {"affinity": reason}
    assert skipped(first, "stage_skipped") == {"affinity": reason}
    assert skipped(second, "stage_skipped", reuse=(first,)) == {"affinity": reason}


def test_an_accepted_mask_repeats_what_depends_on_it_in_the_same_run_directory(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    root = make_voc()
    run(root, run_path, UNTRAINED)
    write_mask(root / "accepted" / "p1.png", np.full((40, 60), 2, np.uint8))
    # Unused, it changes nothing.
    assert stages_of(run(root, run_path, UNTRAINED, "use_accepted=false"), "stage_started") == []
    without_term = run(root, run_path, UNTRAINED, "accepted_pixel_weight=0")
    assert stages_of(without_term, "stage_started") == ["evaluate"]
    assert stages_of(run(root, run_path, UNTRAINED), "stage_started") == list(STAGES)
    assert RunDir(run_path).manifest().dataset.accepted == 1
    write_mask(root / "accepted" / "p1.png", np.zeros((40, 60), np.uint8))
    assert stages_of(run(root, run_path, UNTRAINED), "stage_started") == list(STAGES)


def test_stages_with_the_same_settings_are_taken_over_from_another_run(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root, first, second = make_voc(), tmp_path / "first", tmp_path / "second"
    run(root, first, UNTRAINED)
    write_mask(root / "accepted" / "p1.png", np.full((40, 60), 2, np.uint8))
    # Of this mask only the evaluation knows.
    events = run(root, second, UNTRAINED, "accepted_pixel_weight=0", reuse=(tmp_path / "nowhere", first))
    assert stages_of(events, "stage_started") == ["evaluate"]
    assert {event.get("taken_from") for event in events if event["kind"] == "stage_skipped"} == {str(first)}
    assert classifier_hash(second) == classifier_hash(first)
    assert RunDir(second).cam_path("p3").is_file()
    again = run(root, second, UNTRAINED, "accepted_pixel_weight=0", reuse=(first,))
    assert not any("taken_from" in event for event in again), "they are its own by now"


def test_figures_are_never_taken_over_for_ground_truth_may_have_come(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_voc()
    truth = root / "SegmentationClass"
    truth.rename(root / "later")
    run(root, tmp_path / "first", UNTRAINED)
    (root / "later").rename(truth)
    events = run(root, tmp_path / "second", UNTRAINED, reuse=(tmp_path / "first",))
    assert stages_of(events, "stage_started") == ["evaluate"]
    metrics = json.loads(RunDir(tmp_path / "second").metrics_path.read_text(encoding="utf-8"))
    assert metrics["rows"]


def test_a_bad_accepted_mask_stops_the_run_before_it_begins(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    root = make_voc()
    write_mask(root / "accepted" / "p1.png", np.zeros((4, 6), np.uint8))
    with pytest.raises(DatasetError, match=r"p1\.png has 6 x 4 pixels"):
        run(root, run_path)
    assert not run_path.exists()


def test_metrics_tell_honest_from_oracle(make_voc: Callable[..., Path], run_path: Path) -> None:
    run(make_voc(), run_path, UNTRAINED)
    metrics = json.loads(RunDir(run_path).metrics_path.read_text(encoding="utf-8"))
    (row,) = metrics["rows"]
    assert (row["name"], row["split"], row["pictures"]) == ("cam", "train", 6)
    assert row["honest"]["threshold"] == pytest.approx(0.4)
    assert row["oracle"]["miou"] >= row["honest"]["miou"]
    assert metrics["classes"] == ["background", "cat", "dog"]


def test_without_ground_truth_everything_still_runs(make_voc: Callable[..., Path], run_path: Path) -> None:
    run(make_voc(masks=False), run_path, UNTRAINED)
    metrics = json.loads(RunDir(run_path).metrics_path.read_text(encoding="utf-8"))
    assert metrics["rows"] == []
    assert "nothing was measured" in metrics["note"]


def test_one_class_is_enough(make_voc: Callable[..., Path], run_path: Path) -> None:
    run(make_voc(classes=("cat",), pictures=4), run_path, "classify.epochs=1")
    assert RunDir(run_path).cam_path("p3").is_file()


KILLED_RUN = """
import os, signal, sys, torch
torch.set_num_threads(1)
from trainer import pipeline
from trainer.recipes import load_recipe

def kill(event):
    if event["kind"] == "step" and event["step"] == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

recipe = load_recipe("tiny", sys.argv[4:])
pipeline.run(recipe, sys.argv[1], "train", sys.argv[2], ["classify"], device="cpu", listeners=(kill,))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kill_9_then_resume_ends_with_the_weights_of_an_uninterrupted_run(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root, epochs = make_voc(pictures=8), "classify.epochs=2"
    run(root, tmp_path / "whole", epochs, stages=("classify",))
    killed = warm.start(["-c", KILLED_RUN, root, tmp_path / "cut", "3", *SMALL, epochs])
    assert killed.wait() == -signal.SIGKILL
    assert not RunDir(tmp_path / "cut").model_path("classify").exists()

    events = run(root, tmp_path / "cut", epochs, stages=("classify",))
    assert [event["step"] for event in events if event["kind"] == "resumed"] == [2]
    assert classifier_hash(tmp_path / "cut") == classifier_hash(tmp_path / "whole")
    assert not RunDir(tmp_path / "cut").checkpoint_path("classify").exists()


def test_a_stage_over_pictures_goes_on_after_those_that_are_done(
    make_voc: Callable[..., Path], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, written = make_voc(), []
    save = cams.save_maps

    def save_three(path: Path, maps: Any) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        save(path, maps)
        written.append(path.stat().st_mtime_ns)

    monkeypatch.setattr(cams, "save_maps", save_three)
    with pytest.raises(KeyboardInterrupt):
        run(root, run_path, UNTRAINED)
    monkeypatch.undo()
    events = run(root, run_path, UNTRAINED)
    assert [(event["stage"], event["done"]) for event in events if event["kind"] == "resumed"] == [
        ("cams", 3)
    ]
    kept = [RunDir(run_path).cam_path(f"p{number}").stat().st_mtime_ns for number in range(3)]
    assert kept == written


def test_without_resume_a_cut_off_stage_starts_anew(
    make_voc: Callable[..., Path], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_voc()

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.stages.classify.save_classifier", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(root, run_path, stages=("classify",))
    monkeypatch.undo()
    events = run(root, run_path, stages=("classify",), resume=False)
    assert not [event for event in events if event["kind"] == "resumed"]


def test_a_full_disk_is_reported_and_leaves_what_was_there(
    make_voc: Callable[..., Path], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_voc()

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cams, "save_maps", full)
    with pytest.raises(DiskFullError, match="free space and run again"):
        run(root, run_path, UNTRAINED)
    monkeypatch.undo()
    assert last_failure(run_path)["code"] == "disk_full"
    assert stages_of(run(root, run_path, UNTRAINED), "stage_started") == ["cams", "evaluate"]


def test_bad_pictures_are_left_out_and_counted(make_voc: Callable[..., Path], run_path: Path) -> None:
    root = make_voc()
    (root / "JPEGImages" / "p1.png").write_text("no picture", encoding="utf-8")
    events = run(root, run_path, UNTRAINED)
    (skipped,) = (event for event in events if event["kind"] == "images_skipped")
    assert (skipped["count"], list(skipped["reasons"])) == (1, ["p1"])
    assert not RunDir(run_path).cam_path("p1").exists()
    assert RunDir(run_path).cam_path("p2").is_file()


def test_bad_pictures_stop_the_run_where_the_recipe_says_so(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    root = make_voc()
    (root / "JPEGImages" / "p1.png").unlink()
    with pytest.raises(DatasetError, match=r"1 pictures .* cannot be read.*p1\.jpg.*the file is missing"):
        run(root, run_path, "on_bad_image=stop")
    last = last_failure(run_path)
    assert (last["code"], last["error"], "p1.jpg" in last["message"]) == ("bad_dataset", "DatasetError", True)


def test_only_bad_pictures_are_no_dataset(make_voc: Callable[..., Path], run_path: Path) -> None:
    root = make_voc(pictures=2)
    for path in (root / "JPEGImages").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DatasetError, match="None of the pictures"):
        run(root, run_path)


def test_pictures_of_one_pixel_and_of_forty_megapixels_are_pictures(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    root = make_voc(pictures=4, masks=False)
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(root / "JPEGImages" / "p0.png")
    Image.new("L", (8000, 5000)).save(root / "JPEGImages" / "p1.png", compress_level=1)
    run(root, run_path, "classify.epochs=1", stages=("classify", "cams"))
    assert all(RunDir(run_path).cam_path(f"p{number}").is_file() for number in range(4))


def test_the_run_directory_of_another_dataset_is_refused(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    run(make_voc("one"), run_path, UNTRAINED, stages=("classify",))
    with pytest.raises(AnotherDatasetError, match="belongs to another dataset") as refused:
        run(make_voc("two", pictures=5), run_path)
    assert refused.value.code is FailureCode.ANOTHER_DATASET


def test_a_run_directory_in_use_is_refused(make_voc: Callable[..., Path], run_path: Path) -> None:
    with RunDir(run_path).lock(), pytest.raises(RunDirInUseError, match="Another process is working"):
        run(make_voc(), run_path)


def test_an_error_that_nobody_foresaw_is_logged_as_unexpected(
    make_voc: Callable[..., Path], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise KeyError("loss")

    monkeypatch.setattr("trainer.stages.classify.save_classifier", fail)
    with pytest.raises(KeyError):
        run(make_voc(), run_path, UNTRAINED, stages=("classify",))
    assert (last_failure(run_path)["code"], last_failure(run_path)["error"]) == ("unexpected", "KeyError")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_disk_without_room_for_the_log_is_told_by_the_exit_code(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    root = make_voc()
    run(root, run_path, UNTRAINED, stages=("classify",))
    RunDir(run_path).events_path.unlink()
    RunDir(run_path).events_path.symlink_to("/dev/full")
    command = ["-m", "trainer", "train", "--dataset-root", root, "--run-dir", run_path]
    with Path("/dev/full").open("w") as full:
        train = warm.start([*command, "--recipe", "tiny", "--device", "cpu"], stdout=full, stderr=full)
        assert train.wait() == FailureCode.DISK_FULL.exit_code


def test_a_corrupt_checkpoint_stops_the_run_with_what_to_do(
    make_voc: Callable[..., Path], run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_voc()

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.stages.classify.save_classifier", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(root, run_path, stages=("classify",))
    monkeypatch.undo()
    RunDir(run_path).checkpoint_path("classify").write_bytes(b"broken")
    with pytest.raises(CheckpointError, match=r"classify\.safetensors is damaged.*delete"):
        run(root, run_path, stages=("classify",))


def test_weights_that_cannot_be_had_stop_before_any_work(
    make_voc: Callable[..., Path], run_path: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "none.pth"
    with pytest.raises(EncoderError, match="does not exist"):
        run(make_voc(), run_path, "backbone.name=resnest50", f"backbone.weights={missing}")
    assert not run_path.exists()


def test_a_stage_whose_input_was_never_made_names_it(make_voc: Callable[..., Path], run_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match=r"cams needs classify.*--stages classify,cams"):
        run(make_voc(), run_path, stages=("cams",))


def test_an_unknown_stage_is_answered_with_the_known_ones(
    make_voc: Callable[..., Path], run_path: Path
) -> None:
    with pytest.raises(TrainerUsageError, match="classify, cams, affinity"):
        run(make_voc(), run_path, stages=("dream",))
    assert not run_path.exists()


def test_an_empty_split_stops_before_any_work(make_voc: Callable[..., Path], run_path: Path) -> None:
    root = make_voc()
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match="has no pictures"):
        run(root, run_path)
    assert not run_path.exists()
