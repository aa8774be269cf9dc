"""What is usual for a class in accepted masks."""

from pathlib import Path

import numpy as np
import pytest

from db.masks import MaskStore
from db.palette import voc_palette
from puzzlecam_app.labels.usual_masks import LEAST_MASKS, Extent, UsualMasks, extents_of, usual_of


def test_the_extent_of_a_class_is_its_share_and_the_centre_of_its_pixels() -> None:
    mask = np.zeros((4, 8), np.uint8)
    mask[0:2, 0:4] = 3
    mask[3, 6:8] = 255
    assert extents_of(mask) == {3: Extent(share=8 / 32, x=0.25, y=0.25)}


def test_a_few_wrong_masks_do_not_change_what_is_usual() -> None:
    shares = np.linspace(0.05, 0.2, 40)
    right = [{1: Extent(share, 0.5, 0.5)} for share in shares]
    wrong = [{1: Extent(0.9, 0.02, 0.5)}] * 3
    (clean,) = usual_of(right)
    (usual,) = usual_of(right + wrong)
    assert (usual.masks, clean.masks) == (43, 40)
    assert usual.most < 0.9
    assert usual.left > 0.02
    assert usual.least < 0.05 < 0.2 < usual.most
    assert usual.most == pytest.approx(clean.most, rel=0.35)


def test_few_masks_say_nothing_and_equal_ones_allow_some_spread() -> None:
    equal = [{1: Extent(0.1, 0.5, 0.5), 2: Extent(0.1, 0.5, 0.5)}]
    assert usual_of(equal * (LEAST_MASKS - 1)) == []
    usual = usual_of(equal * LEAST_MASKS)
    assert [one.class_index for one in usual] == [1, 2]
    assert usual[0].least < 0.05
    assert usual[0].most > 0.2
    assert usual[0].left < 0.4


def test_masks_are_read_a_second_at_a_time_and_once(tmp_path: Path) -> None:
    store = MaskStore(tmp_path)
    masks = [np.full((2, 2), index, np.uint8) for index in range(1, 4)]
    hashes = [store.put(mask, voc_palette()) for mask in masks]
    times = iter([0.0, 0.1, 0.2, 5.0, 10.0, 10.1, 10.2, 20.0])
    usual = UsualMasks(store, clock=lambda: next(times))
    assert usual.of(hashes)[0] == 2
    assert usual.of([*hashes, "0" * 64])[0] == 3, "the missing one is left out"
    assert usual.of([*hashes, "0" * 64])[0] == 3
