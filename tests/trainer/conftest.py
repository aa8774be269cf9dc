"""Tiny datasets, and one thread: what these tests compute is too small to share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from trainer.machine.device import DeviceChoice

MakeVoc = Callable[..., Path]


@pytest.fixture(scope="session")
def exact_cpu() -> DeviceChoice:
    """The CPU in float32, for comparisons: the studio itself takes bfloat16 where a machine is fast in it."""
    return DeviceChoice(torch.device("cpu"), torch.float32, "for comparisons")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Bit-for-bit comparisons need sums in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_voc(tmp_path: Path) -> MakeVoc:
    """Makes a dataset as `draw_voc` does, in a folder of the test."""

    def make(name: str = "voc", **options: Any) -> Path:
        return draw_voc(tmp_path / name, **options)

    return make


def draw_voc(
    root: Path,
    pictures: int = 6,
    size: tuple[int, int] = (40, 60),
    classes: tuple[str, ...] = ("cat", "dog"),
    masks: bool = True,
    split: str = "train",
) -> Path:
    """Make a dataset in VOC layout: noise with a flat square, tagged by tags.csv. Returns `root`."""
    lists = root / "ImageSets" / "Segmentation"
    for folder in (root / "JPEGImages", lists):
        folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = ["image,tags"]
    height, width = size
    for number in range(pictures):
        tag = number % len(classes)
        image = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        square = (slice(height // 4, height // 2 + 1), slice(width // 4, width // 2 + 1))
        image[square] = (200, 60 * tag, 0)
        Image.fromarray(image).save(root / "JPEGImages" / f"p{number}.png")
        rows.append(f"p{number}.png,{classes[tag]}")
        if masks:
            (root / "SegmentationClass").mkdir(exist_ok=True)
            mask = np.zeros(size, dtype=np.uint8)
            mask[square] = tag + 1
            Image.fromarray(mask).save(root / "SegmentationClass" / f"p{number}.png")
    (root / "tags.csv").write_text("\n".join(rows), encoding="utf-8")
    (root / "labels.txt").write_text("\n".join(classes), encoding="utf-8")
    ids = [f"p{number}" for number in range(pictures)]
    (lists / f"{split}.txt").write_text("\n".join(ids), encoding="utf-8")
    return root
