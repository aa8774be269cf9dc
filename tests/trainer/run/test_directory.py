from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from trainer.config import Recipe
from trainer.machine.durable_write import write_atomic
from trainer.machine.file_lock import FileLock
from trainer.run import directory as run_dir
from trainer.run.directory import AnotherDatasetError, DatasetRecord, RunDir, RunDirError

RECIPE = Recipe(name="test")
DATASET = DatasetRecord(root="/data", split="train", fingerprint="abc", class_names=("cat",), pictures=3)


@pytest.fixture
def directory(tmp_path: Path) -> RunDir:
    directory = RunDir(tmp_path / "run")
    directory.open(RECIPE, DATASET)
    return directory


def begin(directory: RunDir, key: str, *, resume: bool = True) -> bool:
    return directory.begin("cams", key, settings={}, inputs={}, makes=("cams",), resume=resume)


def output(directory: RunDir) -> Path:
    path = directory.cam_path("a")
    path.parent.mkdir(exist_ok=True)
    path.write_text("maps", encoding="utf-8")
    return path


def test_a_stage_is_done_only_with_the_key_it_finished_with(directory: RunDir) -> None:
    begin(directory, "one")
    assert not directory.is_done("cams", "one")
    directory.finish("cams", {"pictures": 3})
    assert directory.is_done("cams", "one")
    assert not directory.is_done("cams", "two")


def test_a_cut_off_stage_goes_on_with_what_it_left(directory: RunDir) -> None:
    begin(directory, "one")
    left = output(directory)
    assert begin(directory, "one")
    assert left.is_file()


@pytest.mark.parametrize(("key", "resume"), [("two", True), ("one", False)])
def test_outputs_of_other_settings_or_unwanted_ones_are_removed(
    directory: RunDir, key: str, resume: bool
) -> None:
    begin(directory, "one")
    left, checkpoint = output(directory), directory.checkpoint_path("cams")
    checkpoint.parent.mkdir()
    checkpoint.write_text("state", encoding="utf-8")
    assert not begin(directory, key, resume=resume)
    assert not left.exists()
    assert not checkpoint.exists()


def test_outputs_that_were_half_removed_do_not_count_as_done(
    directory: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(directory, "one")
    directory.finish("cams", {})

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunDir, "clear", killed)
    with pytest.raises(KeyboardInterrupt):
        begin(directory, "two")
    monkeypatch.undo()
    assert not directory.is_done("cams", "one")
    assert not begin(directory, "one"), "it starts anew"


def test_the_run_of_another_dataset_is_refused(directory: RunDir) -> None:
    other = DATASET.model_copy(update={"fingerprint": "xyz", "root": "/elsewhere"})
    with pytest.raises(
        AnotherDatasetError, match=r"belongs to another dataset \(/data.*/elsewhere.*choose another"
    ):
        directory.open(RECIPE, other)


def test_a_moved_dataset_is_the_same_dataset(directory: RunDir) -> None:
    directory.note_skipped({"b": "damaged"})
    manifest = directory.open(RECIPE, DATASET.model_copy(update={"root": "/moved"}))
    assert (manifest.dataset.root, manifest.dataset.skipped) == ("/moved", {"b": "damaged"})


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("", encoding="utf-8")
    with pytest.raises(RunDirError, match="holds files but no run"):
        RunDir(tmp_path).open(RECIPE, DATASET)


def test_a_manifest_of_another_version_is_refused(directory: RunDir) -> None:
    values = json.loads(directory.manifest_path.read_text(encoding="utf-8"))
    directory.manifest_path.write_text(json.dumps({**values, "version": 99}), encoding="utf-8")
    with pytest.raises(RunDirError, match="version 99"):
        directory.manifest()


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}'])
def test_a_damaged_manifest_is_reported(directory: RunDir, text: str) -> None:
    directory.manifest_path.write_text(text, encoding="utf-8")
    with pytest.raises(RunDirError, match=r"manifest\.json"):
        directory.manifest()


def test_a_second_process_is_kept_out(directory: RunDir) -> None:
    with directory.lock(), pytest.raises(RunDirError, match="Another process"), directory.lock():
        pass
    with directory.lock():
        pass


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def other_run(tmp_path: Path) -> RunDir:
    other = RunDir(tmp_path / "other")
    other.open(RECIPE, DATASET)
    begin(other, "one")
    output(other)
    other.finish("cams", {"pictures": 3})
    return other


def test_a_stage_of_another_run_is_taken_over_and_outlives_it(directory: RunDir, tmp_path: Path) -> None:
    other = other_run(tmp_path)
    assert not directory.take_over("cams", "two", other), "made with other settings"
    assert not directory.take_over("cams", "one", RunDir(tmp_path / "nowhere"))
    assert directory.take_over("cams", "one", other)
    write_atomic(other.cam_path("a"), b"other maps")
    shutil.rmtree(other.path)
    assert directory.is_done("cams", "one")
    assert directory.cam_path("a").read_text(encoding="utf-8") == "maps"
    record = directory.record("cams")
    assert record is not None
    assert record.summary == {"pictures": 3}


def test_without_links_files_are_copied(
    directory: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object) -> None:
        raise OSError(errno.EXDEV, "other disk")

    monkeypatch.setattr(os, "link", refused)
    assert directory.take_over("cams", "one", other_run(tmp_path))
    assert directory.cam_path("a").read_text(encoding="utf-8") == "maps"


def test_what_is_trained_anew_meanwhile_is_not_taken_over(
    directory: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_run(tmp_path)
    link_tree = run_dir.link_tree

    def link_while_the_other_begins_anew(source: Path, target: Path) -> None:
        link_tree(source, target)
        begin(other, "two")

    monkeypatch.setattr(run_dir, "link_tree", link_while_the_other_begins_anew)
    assert not directory.take_over("cams", "one", other)
    assert not directory.is_done("cams", "one")
    assert not directory.cam_path("a").exists()
