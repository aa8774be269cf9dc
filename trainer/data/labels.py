"""VOC's classes, the spelling of class names, and the VOC colour map."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
    "tvmonitor",
)  # fmt: skip
"""The twenty classes of PASCAL VOC in official order; the class at position k has mask index k + 1."""

_SPELLINGS = {
    "airplane": "aeroplane",
    "plane": "aeroplane",
    "bike": "bicycle",
    "motorcycle": "motorbike",
    "dining table": "diningtable",
    "table": "diningtable",
    "couch": "sofa",
    "potted plant": "pottedplant",
    "houseplant": "pottedplant",
    "tv": "tvmonitor",
    "tv monitor": "tvmonitor",
    "television": "tvmonitor",
    "monitor": "tvmonitor",
    "people": "person",
    "man": "person",
    "woman": "person",
    "child": "person",
    "human": "person",
    "doughnut": "donut",
    "hotdog": "hot dog",
    "hair dryer": "hair drier",
    "mobile phone": "cell phone",
    "fridge": "refrigerator",
}


def normalize_class_name(name: str) -> str:
    """One spelling per class: lower case, single spaces for `_`, `-` and spaces, VOC's word for synonyms.

    >>> normalize_class_name("Dining_Table"), normalize_class_name("airplane")
    ('diningtable', 'aeroplane')
    """
    plain = re.sub(r"[\s_\-]+", " ", name).strip().lower()
    return _SPELLINGS.get(plain, plain)


def voc_colormap() -> NDArray[np.uint8]:
    """The VOC palette, uint8 (256, 3) RGB.

    The bits of an index, from the lowest, go in turn to red, green and blue and fill each channel from its
    highest bit down. Index 255 (void) becomes (224, 224, 192).
    """
    indices = np.arange(256, dtype=np.uint8)
    colors = np.zeros((256, 3), dtype=np.uint8)
    for level in range(8):
        shift = np.uint8(7 - level)
        for channel in range(3):
            bit = (indices >> np.uint8(channel)) & np.uint8(1)
            colors[:, channel] |= bit << shift
        indices >>= np.uint8(3)
    return colors
