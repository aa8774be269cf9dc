"""Stored seeds make the mask that was stored with them, as long as the engine keeps its name.

`stored_steps.json` holds masks that the engine named in it made from the steps below. If the engine is meant
to make other masks, give it a new name and record them again by running this file as a script.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.interactive.seeds import Box, Click, Scribble, Seed
from trainer.interactive.segmenter import ENGINE, InteractiveConfig, InteractiveSegmenter
from trainer.run.map_storage import ClassMaps

STORED = Path(__file__).with_name("stored_steps.json")
SIZE = (96, 128)
Y, X = np.mgrid[: SIZE[0], : SIZE[1]]

MOST_DIFFERENT_PIXELS = 2
"""Of 12,288: another processor may round differently where two labels are equally likely."""


def disc(y: int, x: int, radius: int) -> NDArray[np.bool_]:
    return (Y - y) ** 2 + (X - x) ** 2 <= radius**2


CAT, DOG, BAR = disc(36, 36, 24), disc(60, 92, 20), (Y > 80) & (Y < 88)


def picture() -> NDArray[np.uint8]:
    """Two discs and a bar on a gradient, with a texture that leaks a little between them."""
    image = np.stack([40 + X // 2, 60 + Y // 2, 110 - Y // 3], axis=-1).astype(np.float64)
    image[CAT] = (170, 120, 60)
    image[DOG] = (150, 140, 90)
    image[BAR] = (70, 90, 140)
    return (image + 14 * np.sin(Y / 3)[..., None] * np.cos(X / 4)[..., None]).round().astype(np.uint8)


def features(_image: NDArray[np.uint8]) -> NDArray[np.float32]:
    y, x = np.mgrid[:6, :8]
    planes = [CAT[8::16, 8::16], DOG[8::16, 8::16], np.sin(y + 0.5 * x), np.cos(x - 0.3 * y)]
    return np.stack(planes).astype(np.float32)


def edges() -> NDArray[np.float32]:
    y, x = np.mgrid[2:96:4, 2:128:4]
    on_rim = np.abs(np.hypot(y - 36, x - 36) - 24) < 3
    return np.where(on_rim, 0.8, 0.1).astype(np.float32)


def evidence() -> ClassMaps:
    y, x = np.mgrid[2:96:4, 2:128:4]
    cat = np.exp(-((y - 34) ** 2 + (x - 40) ** 2) / 900)
    dog = 0.8 * np.exp(-((y - 62) ** 2 + (x - 90) ** 2) / 700)
    return ClassMaps((1, 2), SIZE, np.stack([cat, dog]).astype(np.float32))


def mask(**labels: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A mask from keywords "_1", "_2" ... with the area of each label."""
    made = np.zeros(SIZE, np.uint8)
    for name, area in labels.items():
        made[area] = int(name[1:])
    return made


@dataclass(frozen=True, eq=False)
class Given:
    """The arguments of one step, and what the engine was made with."""

    mask: NDArray[np.uint8]
    seeds: tuple[Seed, ...]
    evidence: ClassMaps | None = None
    locked: NDArray[np.bool_] | None = None
    has_features: bool = False
    edges: NDArray[np.float32] | None = None

    def result(self) -> NDArray[np.uint8]:
        # Without the dense CRF, which is not installed everywhere.
        config = InteractiveConfig(crf_iterations=0)
        segmenter = InteractiveSegmenter(features if self.has_features else None, config)
        segmenter.set_image(picture(), self.edges)
        return segmenter.refine(self.mask, self.seeds, evidence=self.evidence, locked=self.locked)


STEPS = {
    "clicks correct a mask that is too small and too large": Given(
        mask(_1=disc(30, 30, 18), _2=disc(64, 84, 30)),
        (Click(46, 46, 1), Click(70, 66, 0), Click(56, 104, 2)),
    ),
    "heatmaps contradict the mask": Given(
        mask(_1=disc(36, 36, 24) | disc(60, 92, 12)), (Click(60, 92, 2), Click(84, 20, 0)), evidence()
    ),
    "a new class and a scribble, with features and edges": Given(
        mask(_1=CAT),
        (Click(60, 92, 7), Scribble(((84, 10), (84, 60), (84, 120)), 3)),
        has_features=True,
        edges=edges(),
    ),
    "a region in void, beside locked pixels": Given(
        mask(_255=Y < 200, _2=disc(60, 92, 12)), (Click(36, 36, 1), Click(60, 74, 2)), locked=X > 100
    ),
    "boxes of a class and of background, with everything": Given(
        mask(_1=disc(40, 30, 20), _2=disc(60, 92, 26), _255=BAR),
        (Box(40, 72, 80, 112, 2), Box(0, 100, 30, 128, 0), Click(20, 36, 1), Click(84, 64, 0)),
        evidence(),
        BAR & (X > 64),
        has_features=True,
        edges=edges(),
    ),
}


def runs(mask: NDArray[np.uint8]) -> list[list[int]]:
    """[label, pixels] row by row."""
    flat = mask.ravel().astype(np.int64)
    starts = np.flatnonzero(np.diff(flat, prepend=-1))
    return [
        [int(flat[start]), int(length)]
        for start, length in zip(starts, np.diff([*starts, flat.size]), strict=True)
    ]


def unpacked(stored: list[list[int]]) -> NDArray[np.uint8]:
    labels, lengths = zip(*stored, strict=True)
    return np.repeat(np.array(labels, np.uint8), lengths).reshape(SIZE)


def test_the_stored_masks_are_of_this_engine() -> None:
    assert json.loads(STORED.read_text())["engine"] == ENGINE


@pytest.mark.parametrize("name", STEPS)
def test_stored_seeds_make_the_stored_mask_again(name: str) -> None:
    stored = unpacked(json.loads(STORED.read_text())["results"][name])
    assert (stored != STEPS[name].mask).sum() > 100
    assert (STEPS[name].result() != stored).sum() <= MOST_DIFFERENT_PIXELS


def record() -> None:
    results: dict[str, Any] = {name: runs(given.result()) for name, given in STEPS.items()}
    STORED.write_text(json.dumps({"engine": ENGINE, "results": results}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    record()
