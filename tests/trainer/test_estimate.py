"""The estimate of a recipe counts every stage that is on, and grows with the pictures."""

from __future__ import annotations

import pytest

from trainer.estimate import estimate
from trainer.recipes import load_recipe

SMALL = ("refine.use_crf=false", "affinity.crf_iterations=1")


@pytest.mark.slow
def test_every_stage_that_is_on_takes_time_and_memory() -> None:
    result = estimate(load_recipe("tiny", SMALL), 100, "cpu")
    assert set(result.seconds) == {"classify", "cams", "affinity", "pixels", "refine", "segment"}
    assert all(seconds > 0 for seconds in result.seconds.values())
    assert result.total_s == pytest.approx(sum(result.seconds.values()), abs=0.1)
    assert result.memory_mb > 100
    assert "CPU" in result.device

    twice = estimate(load_recipe("tiny", [*SMALL, "rounds=2"]), 100, "cpu").seconds
    assert set(twice) - set(result.seconds) == {"relabel-2", "segment-2"}
    assert twice["segment-2"] == twice["segment"] > 0
    assert twice["relabel-2"] > twice["refine"]

    off = ("classify.method=icd", "affinity.enabled=false", "segment.enabled=false")
    less = estimate(load_recipe("tiny", [*SMALL, *off]), 1, "cpu")
    assert (less.seconds["affinity"], less.seconds["segment"]) == (0, 0)
    assert less.total_s < result.total_s
