"""Class names and the VOC colour map."""

import pytest

from tests.trainer.data.coco import COCO_CLASSES
from trainer.data.labels import VOC_CLASSES, normalize_class_name, voc_colormap


def test_the_colour_map_is_vocs():
    colors = voc_colormap()
    assert colors.shape == (256, 3)
    assert colors[[0, 1, 2, 15, 20, 255]].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [192, 128, 128],
        [0, 64, 128],
        [224, 224, 192],
    ]


def test_all_colours_differ():
    assert len({tuple(color) for color in voc_colormap().tolist()}) == 256


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Airplane", "aeroplane"),
        ("dining-table", "diningtable"),
        ("potted_plant", "pottedplant"),
        ("  TV  Monitor ", "tvmonitor"),
        ("traffic light", "traffic light"),
    ],
)
def test_spellings_of_one_class_become_one_name(given, expected):
    assert normalize_class_name(given) == expected


def test_every_voc_class_is_a_coco_class():
    coco = {normalize_class_name(name) for name in COCO_CLASSES}
    assert len(VOC_CLASSES) == 20
    assert len(COCO_CLASSES) == len(set(COCO_CLASSES)) == 80
    assert set(VOC_CLASSES) <= coco
