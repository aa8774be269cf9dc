"""Two runs beside each other, and how far one is."""

from __future__ import annotations

from typing import Any

from db.models import Dataset, utc_now
from db.run_models import Run, RunEvent
from puzzlecam_app.runs.comparing import compared_classes, compared_metrics, differing_settings
from puzzlecam_app.runs.figures import pseudo_mask_miou
from puzzlecam_app.runs.progress import summarize
from trainer.config import Recipe


def run(epochs: int, miou: float | None) -> Run:
    metrics: dict[str, Any] | None = None
    if miou is not None:
        row = {"name": "pseudo", "title": "CAM + CRF", "split": "train", "pictures": 5}
        score = {"miou": miou, "per_class": [0.9, miou], "threshold": 0.3}
        metrics = {"classes": ["background", "cat"], "rows": [{**row, "honest": score, "oracle": None}]}
    return Run(
        recipe={"name": "tiny", "description": str(epochs), "classify": {"epochs": epochs, "batch_size": 4}},
        dataset=Dataset(name="pets"),
        split="train",
        supervision={"pictures": 5},
        metrics=metrics,
    )


def event(sequence: int, kind: str, stage: str | None = None, **data: Any) -> RunEvent:
    return RunEvent(run_id=1, sequence=sequence, time=utc_now(), kind=kind, stage=stage, data=data)


def test_only_settings_that_differ_are_named() -> None:
    assert differing_settings([run(1, None), run(3, None)]) == [
        {"setting": "classify.epochs", "values": [1, 3]}
    ]


def test_a_setting_that_was_added_since_differs_only_where_it_has_another_value() -> None:
    older, newer, changed = run(1, None), run(1, None), run(1, None)
    newer.recipe = Recipe.model_validate(older.recipe).model_dump(mode="json")
    assert differing_settings([older, newer]) == []
    changed.recipe = {**newer.recipe, "accepted_pixel_weight": 3.0}
    assert differing_settings([older, changed]) == [
        {"setting": "accepted_pixel_weight", "values": [1.0, 3.0]}
    ]


def test_figures_are_those_of_the_same_output_and_split() -> None:
    (row,) = compared_metrics([run(1, 0.4), run(2, None)])
    assert (row["title"], row["runs"]) == (
        "CAM + CRF",
        [{"honest": 0.4, "oracle": None, "pictures": 5}, None],
    )
    assert compared_classes([run(1, 0.4), run(2, None)])[1] == {"class": "cat", "values": [0.4, None]}


def test_a_stage_that_had_nothing_to_do_is_skipped_and_not_done() -> None:
    off = "The recipe turns it off (segment.enabled)."
    events = [
        event(1, "stage_started", "affinity"),
        event(2, "stage_finished", "affinity", seconds=3.0, left_out="No picture was segmented."),
        event(3, "stage_started", "segment"),
        event(4, "stage_finished", "segment", seconds=0.0, skipped=off),
    ]
    stages = {stage.name: stage for stage in summarize(events, is_active=False).stages}
    assert (stages["segment"].status, stages["segment"].not_done) == ("skipped", off)
    assert (stages["affinity"].status, stages["affinity"].not_done) == ("done", "No picture was segmented.")

    again = summarize([*events, event(5, "stage_skipped", "segment", key="k", skipped=off)], is_active=False)
    assert again.stages == summarize(events, is_active=False).stages


def test_progress_follows_the_stage_that_is_under_way() -> None:
    events = [
        event(1, "run_started", device="On the CPU."),
        event(2, "stage_started", "classify"),
        event(3, "step", "classify", step=4, steps=4, epoch=2, epochs=2, eta_s=0.0, memory_mb=900),
        event(4, "stage_finished", "classify", seconds=3.5),
        event(5, "stage_started", "cams"),
        event(6, "progress", "cams", done=2, total=8, images_per_s=1.0, eta_s=6.0),
        event(7, "worker", message="Hello."),
    ]
    progress = summarize(events, is_active=True)
    classify, cams, affinity = progress.stages[:3]
    assert (classify.status, classify.seconds, classify.epochs) == ("done", 3.5, 2)
    assert (cams.status, cams.done, cams.total, cams.eta_s, cams.unit) == ("running", 2, 8, 6.0, "pictures")
    assert affinity.status == "waiting"
    assert progress.current == cams
    assert (progress.device, progress.memory_mb, progress.last_sequence) == ("On the CPU.", 900, 7)
    assert progress.messages[0]["message"] == "Hello."

    ended = summarize(events, is_active=False)
    assert (ended.stages[1].status, ended.stages[1].eta_s, ended.current) == ("stopped", None, None)


def test_the_figure_of_a_run_of_two_rounds_is_that_of_the_last() -> None:
    both = run(1, 0.4)
    assert both.metrics is not None
    (first,) = both.metrics["rows"]
    second = {
        **first,
        "name": "pseudo-2",
        "honest": {**first["honest"], "miou": 0.5, "per_class": [0.9, 0.5]},
    }
    both.metrics["rows"].append(second)
    assert pseudo_mask_miou(both) == 0.5
    assert compared_classes([both, run(1, 0.4)])[1] == {"class": "cat", "values": [0.5, 0.4]}
    assert [row["name"] for row in compared_metrics([both])] == ["pseudo", "pseudo-2"]


def test_stages_of_later_rounds_are_part_of_the_progress_of_their_run() -> None:
    events = [
        event(1, "stage_started", "segment-2"),
        event(2, "progress", "segment-2", done=3, total=10, images_per_s=1.0, eta_s=7.0),
    ]
    stages = {stage.name: stage for stage in summarize(events, is_active=True, rounds=2).stages}
    assert list(stages)[-3:] == ["relabel-2", "segment-2", "evaluate"]
    assert (stages["segment-2"].done, stages["segment-2"].eta_s) == (3, 7.0)
    assert "segment-2" not in {stage.name for stage in summarize(events, is_active=True).stages}
