"""Seeds hold, locked pixels stay, what is far does not flip; on pictures of two flat colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trainer.interactive import segmenter as segmenter_module
from trainer.interactive.seeds import Box, Click, Scribble, Seed, draw_seeds
from trainer.interactive.segmenter import InteractiveConfig, InteractiveSegmenter
from trainer.run.map_storage import ClassMaps

SIZE = (96, 128)
LEFT, RIGHT = (slice(24, 72), slice(8, 48)), (slice(24, 72), slice(80, 120))
"""Two red squares on blue."""


def picture() -> NDArray[np.uint8]:
    image = np.full((*SIZE, 3), (20, 40, 160), np.uint8)
    for square in (LEFT, RIGHT):
        image[square] = (200, 30, 20)
    return image


def mask_of(**squares: int) -> NDArray[np.uint8]:
    mask = np.zeros(SIZE, np.uint8)
    for name, label in squares.items():
        mask[{"left": LEFT, "right": RIGHT}[name]] = label
    return mask


@pytest.fixture
def segmenter() -> InteractiveSegmenter:
    made = InteractiveSegmenter()
    made.set_image(picture())
    return made


def share(mask: NDArray[np.uint8], square: tuple[slice, slice], label: int) -> float:
    return float((mask[square] == label).mean())


def test_one_click_gives_an_object_its_class_and_leaves_the_other_alone(segmenter) -> None:
    prior = mask_of(left=1, right=1)
    mask = segmenter.refine(prior, [Click(48, 28, 2)])
    assert share(mask, LEFT, 2) > 0.95
    assert share(mask, RIGHT, 1) == 1.0
    assert (mask[:, 56:76] == 0).all()


def test_one_click_removes_what_is_no_object(segmenter) -> None:
    mask = segmenter.refine(mask_of(left=1, right=1), [Click(48, 100, 0)])
    assert share(mask, RIGHT, 0) > 0.95
    assert share(mask, LEFT, 1) == 1.0


def test_one_click_finds_an_object_that_was_missed_in_a_class_the_mask_does_not_hold(segmenter) -> None:
    mask = segmenter.refine(mask_of(left=1), [Click(48, 100, 7), Click(5, 64, 0)])
    assert share(mask, RIGHT, 7) > 0.9
    assert share(mask, LEFT, 1) == 1.0


def test_a_click_on_an_empty_mask_takes_the_object_and_not_the_picture(segmenter) -> None:
    for nothing in (0, 255):
        mask = segmenter.refine(np.full(SIZE, nothing, np.uint8), [Click(48, 28, 3)])
        assert share(mask, LEFT, 3) > 0.95
        assert (mask[:, 56:] == nothing).all()


def test_a_click_of_background_on_a_mask_without_any_stays_local_too(segmenter) -> None:
    mask = segmenter.refine(np.full(SIZE, 1, np.uint8), [Click(48, 100, 0)])
    assert share(mask, RIGHT, 0) > 0.95
    assert share(mask, LEFT, 1) == 1.0


def test_a_second_click_of_a_new_class_takes_its_region_back(segmenter) -> None:
    mask = segmenter.refine(
        mask_of(), [Click(48, 28, 3), Click(30, 14, 0), Click(66, 42, 0), Click(48, 20, 0)]
    )
    assert share(mask, LEFT, 0) > 0.5
    assert mask[48, 28] == 3


def test_thin_parts_of_a_corrected_mask_stay_whatever_is_clicked_elsewhere(segmenter) -> None:
    prior = mask_of(left=1, right=1)
    prior[4:6, 4:124] = prior[76:94, 62] = prior[73:90, 100:102] = 1
    hole = prior.copy()
    hole[36:60, 88:112] = 0
    mask = segmenter.refine(hole, [Click(48, 100, 1)])
    assert share(mask, RIGHT, 1) > 0.95
    np.testing.assert_array_equal(mask[prior == 1], 1)
    np.testing.assert_array_equal(mask[:, :72], hole[:, :72])


def test_a_click_adds_its_own_class_and_takes_nothing_from_others_for_third_ones(segmenter) -> None:
    prior = mask_of(left=1, right=2)
    mask = segmenter.refine(prior, [Click(48, 100, 3)])
    assert set(np.unique(mask[mask != prior])) == {3}


def test_clicks_that_agree_with_the_mask_change_nothing(segmenter) -> None:
    prior = mask_of(left=1, right=2)
    mask = segmenter.refine(prior, [Click(48, 28, 1), Click(48, 100, 2), Click(5, 64, 0)])
    np.testing.assert_array_equal(mask, prior)


def test_taking_a_click_away_gives_the_mask_without_it(segmenter) -> None:
    prior = mask_of(left=1, right=1)
    one, two = Click(48, 28, 2), Click(48, 100, 0)
    alone = segmenter.refine(prior, [one])
    segmenter.refine(prior, [one, two])
    np.testing.assert_array_equal(segmenter.refine(prior, [one]), alone)


def test_locked_pixels_keep_the_prior_whatever_is_clicked(segmenter) -> None:
    prior = mask_of(left=1, right=1)
    locked = np.zeros(SIZE, bool)
    locked[24:48, 8:48] = True
    mask = segmenter.refine(prior, [Click(30, 28, 2), Click(66, 28, 2)], locked=locked)
    np.testing.assert_array_equal(mask[locked], prior[locked])
    assert mask[66, 28] == 2


def test_what_is_painted_does_not_spread_to_where_the_heatmaps_are_unsure(segmenter) -> None:
    prior = mask_of(left=1)
    painted = np.zeros(SIZE, bool)
    painted[78:92, 30:100] = True
    prior[painted] = 1
    unsure = ClassMaps((1,), SIZE, np.full((1, *SIZE), 0.4, np.float32))
    unsure.maps_khw[0][LEFT] = 1.0
    mask = segmenter.refine(prior, [Click(5, 64, 0)], evidence=unsure, locked=painted)
    assert (mask[painted] == 1).all()
    assert ((mask == 1) & (prior == 0)).mean() < 0.005


def test_seeds_that_were_taken_away_leave_nothing_behind(segmenter) -> None:
    prior = mask_of(left=1, right=1)
    fresh = segmenter.refine(prior, [Click(48, 28, 2)])
    segmenter.refine(prior, [Click(48, 28, 2), Click(48, 100, 7)])
    np.testing.assert_array_equal(segmenter.refine(prior, [Click(48, 28, 2)]), fresh)
    prior[RIGHT] = 0  # the caller's array has changed, and with it the answer
    assert share(segmenter.refine(prior, [Click(48, 28, 2)]), RIGHT, 0) == 1.0


def test_a_scribble_holds_along_its_whole_length(segmenter) -> None:
    stroke = Scribble(((30, 12), (66, 12), (66, 44)), 3)
    mask = segmenter.refine(mask_of(left=1), [stroke])
    assert (mask[draw_seeds([stroke], SIZE) == 3] == 3).all()


def test_a_box_of_background_is_empty_and_a_box_of_a_class_is_not(segmenter) -> None:
    prior = mask_of(left=1)
    emptied = segmenter.refine(prior, [Box(20, 4, 76, 52, 0)])
    assert (emptied[20:76, 4:52] == 0).all()
    filled = segmenter.refine(prior, [Box(24, 80, 72, 120, 2)])
    assert share(filled, RIGHT, 2) > 0.8
    assert share(filled, LEFT, 1) == 1.0


def test_void_of_the_prior_stays_void_out_of_reach(segmenter) -> None:
    prior = mask_of(left=1, right=1)
    prior[RIGHT] = 255
    mask = segmenter.refine(prior, [Click(48, 28, 2)])
    assert share(mask, RIGHT, 255) > 0.9


def test_what_mask_and_evidence_disagree_about_follows_the_evidence_from_the_first_seed_on(segmenter) -> None:
    prior = mask_of(left=1)
    cam = np.zeros((1, 24, 32), np.float32)
    cam[:, 6:18, 2:12] = cam[:, 6:18, 20:30] = 1.0
    maps = ClassMaps((1,), SIZE, cam)
    seeds = [Click(48, 28, 2)]
    assert share(segmenter.refine(prior, seeds, evidence=maps), LEFT, 2) > 0.95
    config = InteractiveConfig(evidence_share=0.9)
    trusting = InteractiveSegmenter(config=config)
    trusting.set_image(picture())
    found = trusting.refine(mask_of(left=1), [Click(5, 64, 2)], evidence=maps)
    assert share(found, RIGHT, 1) > 0.9
    agreeing = trusting.refine(mask_of(left=1), [Click(48, 28, 1)], evidence=maps)
    assert share(agreeing, RIGHT, 0) == 1.0, "a click that agrees with the mask says nothing about background"


def test_a_click_takes_nothing_from_a_thin_neighbour_that_it_does_not_contradict(segmenter) -> None:
    prior = mask_of(left=1)
    bezel = np.zeros(SIZE, bool)
    bezel[24:72, 42:48] = True
    prior[bezel] = 2
    mask = segmenter.refine(prior, [Click(48, 24, 0)])
    assert (mask[24:72, 8:38] == 0).mean() > 0.9
    assert (mask[bezel] == 2).all()


def test_a_later_click_does_not_undo_what_earlier_clicks_gave_to_other_classes(segmenter) -> None:
    prior = mask_of(left=1, right=2)
    clicks = [Click(73, 19, 1), Click(23, 21, 2), Click(16, 50, 2), Click(87, 8, 0)]
    for count in range(1, len(clicks)):
        before, after = segmenter.refine(prior, clicks[:count]), segmenter.refine(prior, clicks[: count + 1])
        click = clicks[count]
        contradicted = before[click.y, click.x]
        lost = (after != before) & (before != contradicted) & (draw_seeds([click], SIZE) == 255)
        assert not lost.any()


def test_masks_do_not_depend_on_what_was_asked_before(segmenter) -> None:
    prior, locked = mask_of(left=1, right=2), np.zeros(SIZE, bool)
    locked[60:] = True
    clicks = [Click(48, 28, 2), Click(48, 100, 0), Click(30, 40, 1), Click(10, 10, 2)]
    for count in range(1, 5):
        step_by_step = segmenter.refine(prior, clicks[:count], locked=locked)
    fresh = InteractiveSegmenter()
    fresh.set_image(picture())
    np.testing.assert_array_equal(fresh.refine(prior, clicks, locked=locked), step_by_step)
    moved = [clicks[0], Click(44, 96, 0), *clicks[2:]]
    other = segmenter.refine(prior, moved, locked=locked)
    np.testing.assert_array_equal(fresh.refine(prior, moved, locked=locked), other)


def test_an_edge_map_stops_a_click_where_colours_do_not() -> None:
    flat = np.full((*SIZE, 3), 128, np.uint8)
    edges = np.zeros((24, 32), np.float32)
    edges[:, 16] = 1.0
    config = InteractiveConfig(crf_iterations=0)
    clicks = [Click(48, 20, 1), Click(48, 110, 0)]
    shares = []
    for given_edges in (None, edges):
        segmenter = InteractiveSegmenter(config=config)
        segmenter.set_image(flat, given_edges)
        mask = segmenter.refine(np.full(SIZE, 2, np.uint8), clicks)
        shares.append(float((mask[:, 72:] == 1).mean()))
    assert shares[1] <= shares[0]
    assert shares[1] < 0.02


def test_every_seed_holds_on_pictures_of_many_pixels_and_of_one() -> None:
    segmenter = InteractiveSegmenter()
    segmenter.set_image(np.zeros((1, 1, 3), np.uint8))
    assert segmenter.refine(np.zeros((1, 1), np.uint8), [Click(0, 0, 4)]).tolist() == [[4]]
    large = np.zeros((1500, 2000, 3), np.uint8)
    large[400:1200, 500:1500] = 255
    segmenter.set_image(large)
    mask = segmenter.refine(np.zeros((1500, 2000), np.uint8), [Click(800, 1000, 4), Click(10, 10, 0)])
    assert (mask[420:1180, 520:1480] == 4).mean() > 0.95
    assert mask[10, 10] == 0


@settings(max_examples=15, deadline=None)
@given(
    clicks=st.lists(
        st.tuples(st.integers(0, 39), st.integers(0, 51), st.integers(0, 4)), min_size=1, max_size=6
    ),
    seed=st.integers(0, 100),
)
def test_clicks_hold_on_any_picture_and_prior(clicks: list[tuple[int, int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (40, 52, 3), dtype=np.uint8)
    prior = rng.choice(np.array([0, 1, 2, 255], np.uint8), (40, 52))
    segmenter = InteractiveSegmenter(config=InteractiveConfig(crf_iterations=1))
    segmenter.set_image(image)
    seeds: list[Seed] = [Click(*click) for click in clicks]
    mask = segmenter.refine(prior, seeds)
    drawn = draw_seeds(seeds, (40, 52))
    np.testing.assert_array_equal(mask[drawn != 255], drawn[drawn != 255])
    assert set(np.unique(mask)) <= {*np.unique(prior), *(click[2] for click in clicks)}


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (Click(96, 0, 1), "Seed 1 lies at row 96, column 0, outside"),
        (Click(0, 0, 255), "has the label 255"),
        (Scribble((), 1), "without points"),
        (Box(5, 5, 5, 9, 1), "without pixels"),
    ],
)
def test_a_seed_that_cannot_be_used_is_named(segmenter, seed: Seed, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        segmenter.refine(mask_of(), [seed])


def test_calls_out_of_order_and_wrong_sizes_are_explained(segmenter) -> None:
    with pytest.raises(ValueError, match="set with set_image"):
        InteractiveSegmenter().refine(mask_of(), [])
    with pytest.raises(ValueError, match="The mask is 4 x 5 pixels, but its picture is 96 x 128"):
        segmenter.refine(np.zeros((4, 5), np.uint8), [])


def test_a_large_picture_gives_the_masks_that_it_gives_without_a_reduced_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = np.kron(picture(), np.ones((16, 16, 1), np.uint8))
    noise = np.random.default_rng(0).integers(0, 25, image.shape, dtype=np.uint8)
    prior = np.kron(mask_of(left=1), np.ones((16, 16), np.uint8))
    clicks = [Click(16 * y, 16 * x, label) for y, x, label in ((48, 100, 2), (48, 20, 0), (30, 44, 1))]
    masks = []
    for working_side in (segmenter_module.MAX_WORKING_SIDE, 10_000):
        monkeypatch.setattr(segmenter_module, "MAX_WORKING_SIDE", working_side)
        made = InteractiveSegmenter()
        made.set_image(image + noise)
        masks.append(made.refine(prior, clicks))
    assert (masks[0] != prior).mean() > 0.05
    assert (masks[0] != masks[1]).mean() < 1e-3
