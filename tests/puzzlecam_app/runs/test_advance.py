"""An attempt has got further if its events tell of work that no attempt before it has done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from puzzlecam_app.runs.advance import has_advanced

EARLIER = [
    {"kind": "stage_finished", "stage": "classify", "seconds": 1, "summary": {}},
    {"kind": "step", "stage": "segment", "step": 40},
    {"kind": "progress", "stage": "cams", "done": 7},
]


@pytest.mark.parametrize(
    ("event", "is_further"),
    [
        ({"kind": "step", "stage": "segment", "step": 41}, True),
        ({"kind": "step", "stage": "segment", "step": 40}, False),
        ({"kind": "step", "stage": "affinity", "step": 1}, True),
        ({"kind": "progress", "stage": "cams", "done": 8}, True),
        ({"kind": "resumed", "stage": "cams", "done": 7}, False),
        ({"kind": "stage_finished", "stage": "cams", "seconds": 1, "summary": {}}, True),
        ({"kind": "stage_finished", "stage": "classify", "seconds": 1, "summary": {}}, False),
        ({"kind": "stage_skipped", "stage": "classify", "key": "k"}, False),
        ({"kind": "stage_skipped", "stage": "pixels", "key": "k", "taken_from": "/runs/1"}, True),
        ({"kind": "run_started", "stages": []}, False),
    ],
)
def test_only_work_that_is_new_counts(tmp_path: Path, event: dict[str, object], is_further: bool) -> None:
    log = tmp_path / "events.jsonl"
    log.write_text("".join(json.dumps(one) + "\n" for one in EARLIER))
    start = log.stat().st_size
    with log.open("a") as file:
        file.write(json.dumps(event) + "\n")
    assert has_advanced(log, start) == is_further
