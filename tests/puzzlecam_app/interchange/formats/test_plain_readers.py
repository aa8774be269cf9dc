"""Exports read by the shortest reader of their format, which shares no code with the studio."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from tests.helpers_formats import Data, Drawn, export_names, exported, studio_with

CLASSES = ("cat", "dog", "traffic light")


def blocks() -> np.ndarray:
    """Objects inside objects, objects that touch, single pixels, and parts that meet at a corner."""
    mask = np.zeros((20, 30), np.uint8)
    mask[1:15, 1:20] = 1
    mask[4:9, 5:12] = 2
    mask[6, 7] = 3
    mask[1:15, 20:25] = 2
    mask[17, 3] = mask[18, 4] = 1
    mask[19, 29] = 3
    return mask


DATA = Data(
    CLASSES,
    (
        Drawn("blocks", blocks(), "train"),
        Drawn("row", np.array([[0, 1, 1, 0, 2, 3]], np.uint8), "train"),
        Drawn("nothing", np.zeros((4, 5), np.uint8), "train"),
    ),
)
"""Without holes and void, which YOLO cannot have."""


@pytest.fixture(scope="module")
def studio_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Exports in these formats, and the names of the pictures in them."""
    folder = tmp_path_factory.mktemp("plain")
    studio = studio_with(folder, DATA)
    for format in READERS:
        assert exported(studio, folder / "out" / format, format).lost == ()
    return folder / "out", export_names(studio)


def indices(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode in {"P", "L"}
        return np.array(image)


def read_folder(root: Path, name: str) -> np.ndarray:
    assert (root / "labels.txt").read_text().split("\n")[:4] == ["background", *CLASSES]
    assert (root / f"images/{name}.png").is_file()
    return indices(root / f"masks/{name}.png")


def read_mmseg(root: Path, name: str) -> np.ndarray:
    assert (root / f"img_dir/train/{name}.png").is_file()
    return indices(root / f"ann_dir/train/{name}.png")


def read_color_masks(root: Path, name: str) -> np.ndarray:
    lines = [line.split(":") for line in (root / "labelmap.txt").read_text().splitlines()[1:]]
    index = {"background": 0, "void": 255} | {one: number for number, one in enumerate(CLASSES, start=1)}
    table = {tuple(map(int, color.split(","))): index[label] for label, color, *_ in lines}
    (path,) = root.glob(f"masks/**/{name}.png")
    with Image.open(path) as image:
        assert image.mode == "RGB"
        return np.array([[table[tuple(pixel)] for pixel in row] for row in np.array(image).tolist()])


def read_panoptic(root: Path, name: str) -> np.ndarray:
    """As the panoptic API: the id of a segment is R + 256 G + 65,536 B."""
    data = json.loads((root / "annotations/panoptic_train.json").read_text())
    names = {one["id"]: one["name"] for one in data["categories"]}
    (entry,) = [one for one in data["annotations"] if one["file_name"] == f"{name}.png"]
    with Image.open(root / "annotations/panoptic_train" / entry["file_name"]) as image:
        color = np.array(image).astype(int)
    ids = color[..., 0] + 256 * color[..., 1] + 65536 * color[..., 2]
    mask = np.full(ids.shape, 255, np.uint8)
    for segment in entry["segments_info"]:
        pixels = ids == segment["id"]
        assert segment["area"] == pixels.sum() > 0
        rows, columns = np.nonzero(pixels)
        box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert segment["bbox"] == box
        mask[pixels] = ["background", *CLASSES].index(names[segment["category_id"]])
    assert {one["id"] for one in entry["segments_info"]} | {0} == set(np.unique(ids)) | {0}
    return mask


def read_yolo(root: Path, name: str) -> np.ndarray:
    """By the rules of ultralytics.

    `verify_image_label` checks lines, `img2label_paths` finds texts, and `polygons2masks_overlap` fills
    outlines with whole coordinates, the larger ones first.
    """
    listed = yaml.safe_load((root / "data.yaml").read_text())
    assert listed["names"] == dict(enumerate(CLASSES))
    picture = root / listed["train"] / f"{name}.png"
    with Image.open(picture) as image:
        width, height = image.size
    before, _, after = str(picture).rpartition("/images/")
    text = Path(f"{before}/labels/{after}").with_suffix(".txt").read_text()
    filled = []
    for line in text.splitlines():
        values = np.array(line.split(), np.float32)
        assert len(values) >= 7, "five values are a box"
        assert len(values) % 2 == 1
        assert (values[1:] >= 0).all()
        assert (values[1:] <= 1).all()
        assert values[0] < len(CLASSES)
        corners = (values[1:].reshape(-1, 2) * [width, height]).astype(np.int32)
        filled.append((int(values[0]), cv2.fillPoly(np.zeros((height, width), np.uint8), [corners], 1)))
    mask = np.zeros((height, width), np.uint8)
    for index, pixels in sorted(filled, key=lambda one: -int(one[1].sum())):
        mask[pixels > 0] = index + 1
    return mask


READERS = {
    "folder": read_folder,
    "mmseg": read_mmseg,
    "color-masks": read_color_masks,
    "panoptic": read_panoptic,
    "yolo": read_yolo,
}


@pytest.mark.parametrize("format", READERS)
def test_plain_readers_find_the_same_pixels(studio_folder: tuple[Path, dict[str, str]], format: str) -> None:
    folder, names = studio_folder
    for one in DATA.pictures:
        np.testing.assert_array_equal(READERS[format](folder / format, names[one.name]), one.mask)
