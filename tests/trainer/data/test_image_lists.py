"""Lists of pictures as VOC, DeepLab and people write them."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import trainer.data.image_lists
from trainer import commands
from trainer.data.image_lists import parse_list_line
from trainer.data.voc import VocDataset


def test_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(trainer.data.image_lists).failed == 0


@pytest.mark.parametrize(
    ("line", "known", "name"),
    [
        ("a", "a", "a"),
        ("a.jpg", "a", "a"),
        ("a.JPG", "a.JPG", "a.JPG"),
        ("frame.001", "frame.001", "frame.001"),
        ("my photo", "my photo", "my photo"),
        ("photo 1", "photo 1", "photo 1"),
        ("photo 1", "photo", "photo"),
        ("photo 1 -1", "photo 1", "photo 1"),
        ("a.png  1", "a", "a"),
        ("JPEGImages/x/a.jpg", "x/a", "x/a"),
        (r"JPEGImages\x\a.jpg", "x/a", "x/a"),
        ("/data/VOC2012/JPEGImages/a.jpg", "a", "a"),
        ("/JPEGImages/my a.jpg /SegmentationClassAug/my a.png", "my a", "my a"),
        ("../JPEGImages/a.jpg", "a", "../JPEGImages/a"),
        ("/etc/passwd", "a", "/etc/passwd"),
    ],
)
def test_a_line_names_a_picture(line: str, known: str, name: str) -> None:
    assert parse_list_line(line).name(lambda one: one == known) == name


def test_training_reads_the_list_of_deeplab(make_voc: Callable[..., Path]) -> None:
    root = make_voc(pictures=2)
    (root / "ImageSets" / "Segmentation" / "train_aug.txt").write_text(
        "/JPEGImages/p0.png /SegmentationClassAug/p0.png\np1.png\n"
    )
    assert VocDataset(root, "train_aug").ids == ("p0", "p1")


def test_evaluate_measures_pictures_whose_names_hold_spaces_and_figures(tmp_path: Path) -> None:
    mask = np.array([[0, 1]], np.uint8)
    for folder in ("truth", "predicted"):
        (tmp_path / folder).mkdir()
        for name in ("photo 1", "photo 0", "my photo", "plain"):
            Image.fromarray(mask).save(tmp_path / folder / f"{name}.png")
    (tmp_path / "list.txt").write_text("photo 1\nphoto 0\nmy photo.jpg\nplain 1\n")
    (tmp_path / "classes.txt").write_text("cat\n")
    result = commands.evaluate(
        tmp_path / "predicted",
        tmp_path / "truth",
        tmp_path / "list.txt",
        classes_file=tmp_path / "classes.txt",
    )
    assert (result["pictures"], result["miou"]) == (4, 1.0)
