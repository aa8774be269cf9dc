"""Masks on disk: class indices in, class indices out, VOC's colours for people."""

import numpy as np
import pytest
from PIL import Image

from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask


def test_indices_come_back_as_they_were(tmp_path):
    mask = np.array([[0, 1, 2], [20, 254, 255]], np.uint8)
    write_mask(tmp_path / "new" / "folder" / "mask.png", mask)
    np.testing.assert_array_equal(read_mask(tmp_path / "new" / "folder" / "mask.png"), mask)


def test_other_programs_see_the_colours_of_voc(tmp_path):
    write_mask(tmp_path / "mask.png", np.array([[0, 1, 255]], np.uint8))
    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "P"
        assert list(image.convert("RGB").get_flattened_data()) == [(0, 0, 0), (128, 0, 0), (224, 224, 192)]


def test_only_masks_are_written(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        write_mask(tmp_path / "mask.png", np.zeros((2, 2), np.int64))
    assert not list(tmp_path.iterdir())
