"""The studio suggests tags from accepted masks, and forgets masks that are no longer accepted."""

import numpy as np
import pytest
from numpy.typing import NDArray

from db.tags import change_tag, suggested_tags
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE
from tests.puzzlecam_app.live.conftest import green_mask, record

TODO = 5


def both_classes(item_id: int) -> NDArray[np.uint8]:
    """The mask of a person who also painted the red square, as the class blue."""
    mask = green_mask(item_id)
    mask[:32, 64:] = BLUE
    return mask


def finish(live: Services) -> None:
    """Wait until the queue is empty."""
    for _ in range(200):
        live.proposals.queue.submit("at the end", lambda: None, 9).result(60)  # type: ignore[arg-type]
        if live.proposals.waiting == 0:
            return
    raise AssertionError("the queue never becomes empty")


def suggested(live: Services, item_id: int) -> list[int]:
    with live.database.read() as session:
        return [one.class_index for one in suggested_tags(session, item_id)]


@pytest.fixture
def taught(live: Services) -> Services:
    """Four accepted masks with both classes; the fifth picture is still to do."""
    for item_id in (1, 2, 3, 4):
        record(live, item_id, "corrected", both_classes(item_id))
    live.tag_adviser.decided(4)
    finish(live)
    return live


def test_a_class_that_accepted_masks_show_is_suggested_for_unfinished_pictures_alone(
    taught: Services,
) -> None:
    assert suggested(taught, TODO) == [BLUE]
    assert suggested(taught, 1) == []


def test_nothing_is_suggested_before_suggestions_could_be_tested(live: Services) -> None:
    record(live, 1, "corrected", both_classes(1))
    live.tag_adviser.decided(1)
    finish(live)
    assert suggested(live, TODO) == []


def test_a_refused_suggestion_does_not_come_back_with_more_masks(taught: Services) -> None:
    with taught.database.write() as session:
        change_tag(session, TODO, BLUE, "refused", author=None)
    for item_id in (1, 2, 3):
        record(taught, item_id, "rejected")
    taught.tag_adviser.decided(3)
    finish(taught)
    for item_id in (1, 2, 3):
        record(taught, item_id, "corrected", both_classes(item_id))
    taught.tag_adviser.decided(3)
    finish(taught)
    assert suggested(taught, TODO) == []


def test_suggestions_go_when_the_masks_behind_them_are_rejected(taught: Services) -> None:
    for item_id in (1, 2, 3):
        record(taught, item_id, "rejected")
    taught.tag_adviser.decided(3)
    finish(taught)
    assert suggested(taught, TODO) == []


def test_an_opened_picture_is_compared_after_a_restart(taught: Services) -> None:
    taught.tag_adviser._known.clear()
    assert taught.tag_adviser.opened(TODO) is None
    finish(taught)
    comparing = taught.tag_adviser.opened(TODO)
    assert comparing is not None
    comparing.result(60)
    assert suggested(taught, TODO) == [BLUE]
