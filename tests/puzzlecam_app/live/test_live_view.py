"""What the pages may say about a class that the live model has learned."""

from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import RED
from tests.puzzlecam_app.live.conftest import green_mask, record


def test_a_class_is_proved_once_masks_that_were_left_out_are_predicted_better(live: Services) -> None:
    for item_id in (1, 2, 3):
        record(live, item_id, "corrected", green_mask(item_id))
    live.live.catch_up(1)
    assert not live.live.view(1).has_proved(RED), "nothing was measured yet"

    assert live.live.measure(1)

    assert live.live.view(1).has_proved(RED)
    assert not live.live.view(1).has_proved(RED + 1)
