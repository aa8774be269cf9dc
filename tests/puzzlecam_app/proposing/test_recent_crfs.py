"""CRFs of pictures are kept for the next proposal, within a limit."""

import numpy as np

from puzzlecam_app.proposing.recent_crfs import RecentCrfs
from trainer.masks.image_crf import ImageCrf


def make(class_count: int) -> ImageCrf:
    return ImageCrf(np.zeros((10, 10, 3), np.uint8), class_count + 1)


def test_the_same_picture_and_number_of_classes_use_the_same_crf() -> None:
    crfs = RecentCrfs()
    first = crfs.of("a", 1, make)
    assert crfs.of("a", 1, make) is first
    assert crfs.of("a", 2, make) is not first
    assert crfs.of("b", 1, make) is not first


def test_the_one_that_was_used_longest_ago_goes_first() -> None:
    crfs = RecentCrfs(most_pixels=200)
    a, b = crfs.of("a", 1, make), crfs.of("b", 1, make)
    assert crfs.of("a", 1, make) is a
    crfs.of("c", 1, make)
    assert crfs.of("a", 1, make) is a
    assert crfs.of("b", 1, make) is not b


def test_a_large_picture_is_not_kept_and_drives_out_nothing() -> None:
    crfs = RecentCrfs(most_pixels=100)
    a = crfs.of("a", 1, make)
    crfs.of("large", 1, lambda count: ImageCrf(np.zeros((20, 20, 3), np.uint8), count + 1))
    assert crfs.of("a", 1, make) is a


def test_a_model_without_crf_needs_none() -> None:
    assert RecentCrfs().of("a", 1, lambda _: None) is None
