"""The code in docs/library.md runs and gives the masks that the page promises."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer import commands

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "library.md"
BACKGROUND, CAT = 0, 8


def run_code_of(section: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Run the code block of a section as a reader would, and return the variables after it."""
    text = PAGE.read_text(encoding="utf-8")
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    (code,) = re.findall(r"```python\n(.*?)```", body, re.DOTALL)
    exec(compile(code, f"{PAGE.name}: {section}", "exec"), variables)
    return variables


@pytest.fixture(scope="module")
def without_training() -> dict[str, Any]:
    return run_code_of("From tags to a mask, without training", {})


def test_tags_become_a_mask_of_the_cat(without_training: dict[str, Any]) -> None:
    image, mask = without_training["image_rgb"], without_training["mask"]

    assert mask.dtype == np.uint8
    assert mask.shape == image.shape[:2]
    assert set(np.unique(mask)) == {BACKGROUND, CAT}
    assert mask[150, 200] == CAT, "the middle of the face"
    assert (mask[:40, 420:] == BACKGROUND).all(), "the dark wall"


def test_clicks_correct_the_mask(without_training: dict[str, Any]) -> None:
    corrected = run_code_of("Correct the mask with clicks", dict(without_training))["corrected"]

    assert corrected[20, 430] == BACKGROUND
    assert corrected[150, 200] == CAT


@pytest.mark.slow
def test_a_run_makes_masks(
    without_training: dict[str, Any],
    make_voc: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overrides = ("classify.epochs=0", "affinity.epochs=1", "pixels.enabled=false")
    stages = ("classify", "cams", "affinity")
    commands.train(
        make_voc(pictures=2),
        "train",
        "tiny",
        tmp_path / "runs" / "first",
        device="cpu",
        stages=stages,
        overrides=overrides,
    )
    monkeypatch.chdir(tmp_path)

    variables = run_code_of("With a trained run", dict(without_training))

    assert variables["mask"].shape == variables["image_rgb"].shape[:2]
    assert variables["edges_hw"].shape == variables["cams"].cams_khw.shape[1:]
