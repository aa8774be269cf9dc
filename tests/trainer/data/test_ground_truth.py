from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.class_list import VOC_CLASS_LIST
from trainer.data.ground_truth import GroundTruth, GroundTruthError, read_mask


@pytest.mark.parametrize("folder", ["", "SegmentationClass", "masks"])
def test_masks_are_found_in_the_folder_or_where_datasets_keep_them(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).save(tmp_path / folder / "a.png")
    truth = GroundTruth(tmp_path, VOC_CLASS_LIST)
    assert truth.has("a")
    assert not truth.has("b")
    assert truth.mask("a").tolist() == [[0, 255]]


def test_the_indices_of_a_palette_picture_are_read_not_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 7]], dtype=np.uint8)).convert("P")
    image.putdata([0, 7])
    image.save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png").tolist() == [[0, 7]]


def test_a_colour_picture_is_no_mask(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(GroundTruthError, match="mode RGB; store class indices"):
        read_mask(tmp_path / "a.png")


@pytest.mark.parametrize("data", [None, b"", b"\x89PNG\r\n\x1a\n"])
def test_a_missing_or_damaged_mask_is_named(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(GroundTruthError, match=r"a\.png"):
        read_mask(tmp_path / "a.png")
