"""Publishing a run's masks from its folder: the preview, what people did, and the way back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from db.annotations import latest_revision, propose
from db.items import replace_tags, set_doubt
from db.labels import ClassSpec, add_label_set
from db.palette import voc_palette
from db.queue import list_items
from db.runs import get_run
from db.status import status_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.mask_change import mean_iou
from puzzlecam_app.runs.mask_remarks import remark_on
from puzzlecam_app.runs.publishing import PublicationPlan, plan_publication, publish, unpublish
from puzzlecam_app.runs.storage import delete_run, prune_runs, run_size
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH
from tests.puzzlecam_app.runs.helpers import Runs
from tests.puzzlecam_app.runs.test_starting import accept
from trainer.data.masks import write_mask
from trainer.run.directory import DatasetRecord, Manifest, StageRecord
from trainer.run.map_storage import ClassMaps, save_maps


def half(value: int) -> np.ndarray:
    """The left half background, the right half a class."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, WIDTH // 2 :] = value
    return mask


def finish(runs: Runs, run_id: int, **masks: np.ndarray) -> None:
    """Leave the files and the row of a run that has made these masks."""
    directory = runs.folder(run_id).train
    for name, mask in masks.items():
        write_mask(directory.pseudo_path(name), mask)
    record = StageRecord(key="k", status="done", started="", settings={}, inputs={}, makes=("pseudo",))
    dataset = DatasetRecord(root="", split="all", fingerprint="", class_names=("blue", "red"), pictures=2)
    manifest = Manifest(created="", recipe={}, dataset=dataset, stages={"refine": record})
    directory.path.mkdir(exist_ok=True)
    directory.manifest_path.write_text(json.dumps(manifest.model_dump(mode="json")), encoding="utf-8")
    with runs.database.write() as session:
        from db.run_models import Run

        session.get_one(Run, run_id).status = "done"


def plan(runs: Runs, run_id: int) -> PublicationPlan:
    return plan_publication(runs.database, runs.services.masks, runs.folder(run_id), run_id)


def verdicts(runs: Runs, run_id: int) -> dict[str, str]:
    return {item.name: item.verdict for item in plan(runs, run_id).items}


def newest(runs: Runs, item_id: int) -> tuple[str, str | None]:
    with runs.database.read() as session:
        revision = latest_revision(session, item_id)
    return (status_of(revision.action), revision.proposed_by) if revision else ("new", None)


def test_the_preview_says_what_changes_and_how_much_worst_first(runs: Runs) -> None:
    with runs.database.write() as session:
        for item_id, mask in ((1, half(RED)), (2, np.zeros((HEIGHT, WIDTH), np.uint8))):
            name = runs.services.masks.put(mask, voc_palette())
            propose(session, item_id, mask_hash=name, proposed_by="zero-shot-colour")
    run_id = runs.start()
    finish(runs, run_id, a=half(BLUE), b=half(RED))
    made = plan(runs, run_id)
    assert [(item.name, item.verdict) for item in made.items] == [("b", "changed"), ("a", "changed")]
    # b: background 1/2, red 0; a: background 1, red 0, blue 0.
    assert [item.iou for item in made.items] == pytest.approx([0.25, 1 / 3])
    assert newest(runs, 1) == ("proposed", "zero-shot-colour"), "a preview writes nothing"


def test_masks_that_cover_whole_pictures_or_are_empty_are_counted_and_named(runs: Runs) -> None:
    run_id = runs.start()
    whole = np.full((HEIGHT, WIDTH), RED, np.uint8)
    whole[0, 0] = 0  # one pixel of background that the CRF has left
    finish(runs, run_id, a=whole, b=np.zeros((HEIGHT, WIDTH), np.uint8))
    made = plan(runs, run_id)
    assert {item.name: item.remark for item in made.remarked} == {"a": "whole", "b": "empty"}
    assert made.warning is not None
    assert made.warning.startswith("1 of 2 masks covers the whole picture, and 1 is empty")

    report = publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
    assert report.warning == made.warning
    assert plan(runs, run_id).warning is None, "nothing would change"


def test_ordinary_masks_are_published_without_a_warning(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    assert plan(runs, run_id).warning is None


def test_an_empty_mask_is_right_where_there_are_no_tags() -> None:
    assert remark_on(np.zeros((2, 2), np.uint8), is_tagged=False) is None


def test_publishing_and_taking_back(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    report = publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
    assert (report.published, report.kept, report.left_out) == (2, 0, ())
    assert newest(runs, 1) == ("proposed", f"run/{run_id}")
    assert verdicts(runs, run_id) == {"a": "unchanged", "b": "unchanged"}
    again = publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
    assert (again.published, again.unchanged, again.publication_id) == (0, 2, None)

    accept(runs.services, 2, RED)
    undone = unpublish(runs.database, run_id, author="ann")
    assert (undone.restored, undone.kept) == (1, 1)
    assert newest(runs, 1) == ("new", None)
    assert newest(runs, 2)[0] == "accepted"
    with pytest.raises(UserError, match="not published"):
        unpublish(runs.database, run_id, author="ann")


def test_the_order_by_doubt_is_that_of_the_run_until_it_is_taken_back(runs: Runs) -> None:
    def order() -> list[str]:
        with runs.database.read() as session:
            return [entry.item.name for entry in list_items(session, 1, order="doubt").items[:2]]

    with runs.database.write() as session:
        set_doubt(session, {1: 0.1, 2: 0.6})
    assert order() == ["b", "a"]
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    sure, unsure = np.zeros((1, 8, 8), np.float32), np.zeros((1, 8, 8), np.float32)
    with runs.database.read() as session:
        unsure[:, :4] = get_run(session, run_id).recipe["refine"]["background_threshold"]
    for name, maps in (("a", unsure), ("b", sure)):
        path = runs.folder(run_id).train.final_path(name)
        save_maps(path, ClassMaps((RED,), (HEIGHT, WIDTH), maps))
    publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
    assert order() == ["a", "b"]
    unpublish(runs.database, run_id, author="ann")
    assert order() == ["b", "a"]


def test_a_run_of_two_rounds_gives_the_masks_of_the_second_once_they_are_complete(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(0), b=half(0))
    train = runs.folder(run_id).train
    for name in ("a", "b"):
        write_mask(train.pseudo_path(name, 2), half(RED))
        sure = np.zeros((1, 8, 8), np.float32)
        save_maps(train.final_path(name, 2), ClassMaps((RED,), (HEIGHT, WIDTH), sure))

    def publish_with(status: Literal["running", "done"], refined: str = "k") -> list[bool]:
        made = StageRecord(
            key="l", status=status, started="", settings={}, inputs={"refine": refined}, makes=()
        )
        manifest = train.manifest()
        stages = {**manifest.stages, "relabel-2": made}
        changed = manifest.model_copy(update={"recipe": {"rounds": 2}, "stages": stages})
        train.manifest_path.write_text(changed.model_dump_json(), encoding="utf-8")
        publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
        with runs.database.read() as session:
            newest = [latest_revision(session, item_id) for item_id in (1, 2)]
        return [
            bool((runs.services.masks.get(str(one.mask_hash)) == RED).any())
            for one in newest
            if one is not None
        ]

    assert publish_with("running") == [False, False]
    assert publish_with("done", refined="another key") == [False, False], "round 1 was made again since"
    assert publish_with("done") == [True, True]


def test_accepted_masks_stay(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    run_id = runs.start()
    finish(runs, run_id, a=half(RED), b=half(RED))
    assert verdicts(runs, run_id) == {"a": "kept", "b": "new"}
    report = publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
    assert (report.published, report.kept) == (1, 1)
    assert newest(runs, 1)[0] == "accepted"


def test_masks_that_do_not_fit_any_more_are_left_out_with_a_reason(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(BLUE))
    with runs.database.write() as session:
        replace_tags(session, 1, {1: [RED]})
    reasons = {item.name: item.reason for item in plan(runs, run_id).items}
    assert "tags were changed" in str(reasons["a"])
    assert "made no mask" in str(reasons["b"])
    report = publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="ann")
    assert (report.published, len(report.left_out)) == (0, 2)


def test_masks_of_another_class_list_are_refused(runs: Runs) -> None:
    run_id = runs.start()
    finish(runs, run_id, a=half(RED))
    with runs.database.write() as session:
        add_label_set(session, 1, [ClassSpec(1, "green"), ClassSpec(2, "red")])
    with pytest.raises(UserError, match="class list was changed"):
        plan(runs, run_id)


def test_a_run_without_masks_cannot_be_published(runs: Runs) -> None:
    run_id = runs.start()
    with pytest.raises(UserError, match="has not made its pseudo-masks yet"):
        plan(runs, run_id)


def test_a_published_run_is_neither_pruned_nor_deleted(runs: Runs) -> None:
    published, other, queued = runs.start(), runs.start(), runs.start()
    for run_id in (published, other):
        finish(runs, run_id, a=half(RED), b=half(RED))
    publish(runs.database, runs.services.masks, runs.folder(published), published, author="ann")
    runs_dir = runs.services.workspace.runs_dir

    for run_id, reason in ((published, "published"), (queued, "is queued")):
        with pytest.raises(UserError, match=reason):
            delete_run(runs.database, runs_dir, run_id)
        with pytest.raises(UserError, match=reason):
            prune_runs(runs.database, runs_dir, run_ids=(run_id,))
    before = run_size(runs.folder(other))
    assert 0 < before.prunable < before.total
    trial = prune_runs(runs.database, runs_dir, keep_bytes=0, is_trial=True)
    assert [(one.run_id, one.freed) for one in trial] == [(other, before.prunable)]
    assert run_size(runs.folder(other)) == before
    prune_runs(runs.database, runs_dir, keep_bytes=0)
    assert run_size(runs.folder(other)).prunable == 0
    assert runs.folder(other).snapshot_path.is_file()
    assert run_size(runs.folder(published)).prunable > 0
    with pytest.raises(UserError, match="pruned"):
        plan(runs, other)
    delete_run(runs.database, runs_dir, other)
    assert not runs.folder(other).path.exists()


def test_pictures_behind_links_survive_deleting(runs: Runs, tmp_path: Path) -> None:
    accept(runs.services, 1, RED)
    run_id = runs.start()
    finish(runs, run_id)
    delete_run(runs.database, runs.services.workspace.runs_dir, run_id)
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["a.png", "b.png", "c.png"]
    with runs.database.read() as session:
        revision = latest_revision(session, 1)
    assert revision is not None
    assert revision.mask_hash is not None
    assert (runs.services.masks.get(revision.mask_hash) == RED).all()


@pytest.mark.parametrize(
    ("old", "new", "iou"),
    [
        ([[0, 0]], [[0, 0]], 1.0),
        ([[1, 1]], [[2, 2]], 0.0),
        ([[0, 1]], [[0, 255]], 1.0),
        ([[255]], [[1]], 1.0),
        ([[0, 0, 1, 1]], [[0, 1, 1, 1]], (1 / 2 + 2 / 3) / 2),
    ],
)
def test_the_iou_of_two_masks(old: list[list[int]], new: list[list[int]], iou: float) -> None:
    assert mean_iou(np.array(old, np.uint8), np.array(new, np.uint8)) == pytest.approx(iou)


def test_files_that_two_runs_share_count_half_for_each(runs: Runs) -> None:
    first, second = runs.start(), runs.start()
    for run_id in (first, second):
        finish(runs, run_id, a=half(RED), b=half(RED))
    sizes = [run_size(runs.folder(run_id)) for run_id in (first, second)]
    shared = next((runs.folder(first).train.path / "pseudo").iterdir())
    taken = runs.folder(second).train.path / "pseudo" / shared.name
    taken.unlink()
    os.link(shared, taken)
    half_each = shared.stat().st_size // 2
    for run_id, before in zip((first, second), sizes, strict=True):
        after = run_size(runs.folder(run_id))
        assert (before.prunable - after.prunable, before.total - after.total) == (
            shared.stat().st_size - half_each,
            shared.stat().st_size - half_each,
        )
