"""The steps to a mask on the Lab page, and what each one is compared with, in the page's own modules."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.helpers_node import ROOT, find_node

WIDTH = 10
TRUTH = [1] * 5 + [0] * 5

PROGRAM = """
import { readFileSync } from "node:fs";
import { Picture } from "./assets/lab/picture.js";
import { stepViews } from "./assets/lab/steps_view.js";

const { width, scales, shares, arrays, truth } = JSON.parse(readFileSync(0, "utf8"));
const stacks = Object.fromEntries(
  Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
);
const header = {
  item: { width, height: 1 },
  classes: [{ index: 1, name: "cat", tagged: true }],
  references: truth ? [{ kind: "accepted", title: "accepted mask" }] : [],
  model: { scales, shares, no_crf: "not installed", min_piece_share: 0 },
};
if (truth) stacks.reference_0 = { data: Uint8Array.from(truth) };
const picture = new Picture({}, { header, arrays: stacks }, null, "proposer", new Map());
const views = stepViews(picture, {
  k: 0, threshold: 0.5, shown: "heat", eachView: false, reference: 0, isPending: false, useCrf: false,
});
console.log(JSON.stringify(Object.fromEntries(views.map((view) => [view.title, view]))));
"""


def cells(count: int) -> list[float]:
    """A map whose first `count` cells exceed the threshold."""
    return [1.0] * count + [0.0] * (WIDTH - count)


def steps(
    *,
    scales: dict[float, int],
    total: int,
    second: int | None = None,
    mean: int = 0,
    is_measured: bool = True,
) -> dict[str, Any]:
    """Views of the steps by title, of a picture whose maps have that many cells above the threshold.

    Args:
        scales: by scale of the picture.
        total: of the sum of scales.
        second: of a second classifier; None for a model with only one.
        mean: of the mean of both classifiers.
        is_measured: whether there is a reference mask, whose class covers five cells.
    """
    node = find_node()
    if node is None:
        pytest.skip("Node.js is not installed: run launch.py test")
    one = [1, 1, WIDTH]
    arrays: dict[str, Any] = {
        "views": {"shape": [len(scales), 1, *one], "data": [0.0] * WIDTH * len(scales)},
        "scales": {
            "shape": [len(scales), *one],
            "data": [value for count in scales.values() for value in cells(count)],
        },
        "total": {"shape": one, "data": cells(total)},
        "cams": {"shape": one, "data": cells(total if second is None else mean)},
    }
    if second is not None:
        arrays["source_2"] = {"shape": one, "data": cells(second)}
    picture = {
        "width": WIDTH,
        "scales": list(scales),
        "shares": [1.0] if second is None else [0.5, 0.5],
        "arrays": arrays,
        "truth": TRUTH if is_measured else None,
    }
    answer = subprocess.run(
        [node, "--input-type=module", "--eval", PROGRAM],
        cwd=ROOT,
        input=json.dumps(picture),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    views: dict[str, Any] = json.loads(answer.stdout)
    return views


def test_the_sum_of_scales_is_compared_with_the_best_scale_and_not_with_the_last_one() -> None:
    views = steps(scales={0.5: 4, 1: 3, 1.5: 1}, total=5)

    assert views["Sum"]["note"] == "IoU 100.0 (+18.3 over ×0.5)"
    assert "the gain over ×0.5, the best of what it combines" in views["Sum"]["noteTip"]


def test_a_scale_has_a_figure_and_no_gain_because_scales_are_alternatives() -> None:
    views = steps(scales={0.5: 1, 1: 3, 1.5: 4}, total=4)

    notes = [views[f"Scale ×{scale}"]["note"] for scale in ("0.5", "1", "1.5")]
    assert notes == ["IoU 37.8", "IoU 65.7", "IoU 81.7"]


def test_a_sum_that_is_worse_than_the_best_scale_loses() -> None:
    assert steps(scales={1: 5, 1.5: 1}, total=4)["Sum"]["note"] == "IoU 81.7 (−18.3 over ×1)"


def test_the_mean_of_classifiers_is_compared_with_the_better_one() -> None:
    views = steps(scales={1: 4}, total=4, second=1, mean=5)

    assert views["Classifier 2"]["note"] == "IoU 37.8"
    assert views["Mean"]["note"] == "IoU 100.0 (+18.3 over Sum)"


def test_without_a_reference_mask_the_sum_is_compared_with_the_pictures_own_size() -> None:
    views = steps(scales={0.5: 4, 1: 3, 1.5: 1}, total=4, is_measured=False)

    assert views["Sum"]["note"] == "10.0 % changed"
    assert views["Sum"]["noteTip"] == "10.0 % of the pixels differ from ×1."
