"""How far masks agree, on arrays that can be checked by eye, and who gets copies."""

import numpy as np
import pytest
from numpy.typing import NDArray

from puzzlecam_app.teamwork.agreement import Comparer, Shared, mean_iou, overlap
from puzzlecam_app.teamwork.copying import CopyPlan, plan_copies

ANN, BOB, CYD = 1, 2, 3


def row(*indices: int) -> NDArray[np.uint8]:
    return np.array([indices], np.uint8)


MASKS = {
    "a": row(0, 0, 1, 1),
    "b": row(0, 1, 1, 1),
    "c": row(0, 0, 0, 255),
}


def test_the_overlap_leaves_void_out() -> None:
    both = overlap(MASKS["b"], MASKS["c"])
    assert both.intersection[:3].tolist() == [1, 0, 0]
    assert both.union[:3].tolist() == [3, 2, 0]
    assert mean_iou(both.intersection, both.union) == pytest.approx(1 / 6)


def test_agreement_is_told_by_class_by_pair_and_by_picture() -> None:
    found = Comparer(MASKS.__getitem__).agreement(
        [Shared(7, {ANN: "a", BOB: "b"}), Shared(8, {BOB: "b", ANN: "b", CYD: "a"})]
    )
    # Ann and Bob: 0 is 1 of 2 and 1 of 1 pixels, 1 is 2 of 3 and 3 of 3.
    assert found.pairs[ANN, BOB].iou == pytest.approx((2 / 3 + 5 / 6) / 2)
    assert (found.pairs[ANN, BOB].pictures, found.pairs[BOB, CYD].pictures) == (2, 1)
    assert found.items[7] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found.items[8] == pytest.approx((1 + 2 * found.items[7]) / 3)
    assert found.classes[1].iou == pytest.approx((2 + 3 + 2 + 2) / (3 + 3 + 3 + 3))
    assert found.pairs[ANN, BOB].low is None


def test_ten_pictures_have_an_interval_around_their_iou() -> None:
    pictures = [Shared(number, {ANN: "a", BOB: "b" if number % 3 else "a"}) for number in range(12)]
    pair = Comparer(MASKS.__getitem__).agreement(pictures).pairs[ANN, BOB]
    assert pair.low is not None
    assert pair.high is not None
    assert 0.5 < pair.low < pair.iou < pair.high <= 1


def test_a_share_of_the_pictures_goes_to_others_in_equal_parts() -> None:
    shares = {ANN: list(range(0, 40)), BOB: list(range(40, 80)), CYD: list(range(80, 120))}
    pairs = plan_copies(shares, CopyPlan(10))
    assert len(pairs) == 12
    assert all(item_id not in shares[user_id] for item_id, user_id in pairs)
    counts = [sum(user_id == one for _, user_id in pairs) for one in shares]
    assert max(counts) - min(counts) <= 2
    assert plan_copies(shares, CopyPlan(10)) == pairs
    assert len(plan_copies(shares, CopyPlan(10, people=3))) == 2 * 12


def test_pictures_that_were_worked_on_and_people_who_are_alone_get_no_copies() -> None:
    assert {one for one, _ in plan_copies({ANN: [1, 2], BOB: [3]}, CopyPlan(100), taken=[2])} == {1, 3}
    assert plan_copies({ANN: [1, 2]}, CopyPlan(100)) == []
    assert plan_copies({ANN: [1], BOB: [2]}, CopyPlan(0)) == []
