"""What the live models do when nobody waits for it."""

import threading

import numpy as np
import pytest

from db.live import record_live_change
from puzzlecam_app.live.background import LiveWork
from puzzlecam_app.services import Services
from tests.puzzlecam_app.live.conftest import SIDE, green_mask, newest, record


@pytest.fixture
def work(live: Services, monkeypatch: pytest.MonkeyPatch) -> LiveWork:
    """Background work that begins when a test says so, and does not give way to the test's own job."""
    work = LiveWork(live.database, live.live, live.proposals, quiet_s=3600)
    monkeypatch.setattr(work, "_is_free", lambda: True)
    return work


def finish(live: Services) -> None:
    """Wait until the queue is empty."""
    for _ in range(200):
        live.proposals.queue.submit("at the end", lambda: None, 9).result(60)  # type: ignore[arg-type]
        if live.proposals.waiting == 0:
            return
    raise AssertionError("the queue never becomes empty")


def teach(live: Services, *item_ids: int) -> None:
    """Correct the masks of pictures."""
    for item_id in item_ids:
        record(live, item_id, "corrected", green_mask(item_id))


def proposer(live: Services, item_id: int) -> str:
    revision = newest(live, item_id)
    return str(revision.proposed_by if revision else None)


def test_a_decision_is_learned_without_anybody_waiting(live: Services, work: LiveWork) -> None:
    record(live, 1, "corrected", green_mask(1))
    work.decided(1)
    finish(live)
    assert live.live.state(1).masks == 1
    work.close()


def test_untouched_proposals_are_renewed_in_the_background(live: Services, work: LiveWork) -> None:
    live.proposals.compute(4)
    teach(live, 1, 2)
    record(live, 3, "drafted", np.zeros((SIDE, SIDE), np.uint8))
    work.changed(1)
    finish(live)
    work.renew_now(1)
    finish(live)
    assert proposer(live, 4).startswith("live/2/")
    assert newest(live, 5) is None, "nobody has asked for a proposal of this picture yet"
    assert getattr(newest(live, 3), "action", None) == "drafted"
    work.close()


def test_revisions_do_not_pile_up_while_masks_are_accepted(live: Services, work: LiveWork) -> None:
    live.proposals.compute(5)
    for item_id in (1, 2, 3, 4):
        teach(live, item_id)
        work.changed(1)
        finish(live)
        work.renew_now(1)
        finish(live)
    assert live.live.state(1).masks == 4
    assert proposer(live, 5).startswith(("live/2/", "live/3/")), "4 is no step"
    work.close()


def test_the_sums_are_stored_when_it_is_quiet(live: Services, work: LiveWork) -> None:
    teach(live, 1)
    work.changed(1)
    finish(live)
    work.renew_now(1)
    finish(live)
    assert list(live.workspace.live_dir.rglob("sums.safetensors"))
    work.close()


def test_a_pause_stops_renewing(live: Services, work: LiveWork) -> None:
    live.proposals.compute(4)
    teach(live, 1, 2, 3)
    with live.database.write() as session:
        record_live_change(session, 1, "paused", author=None)
    work.renew_now(1)
    finish(live)
    assert not proposer(live, 4).startswith("live/")
    work.close()


def test_opening_a_picture_does_not_end_the_renewals(live: Services, work: LiveWork) -> None:
    live.proposals.compute(4)
    teach(live, 1, 2)
    work.changed(1)
    finish(live)
    is_open, may_go_on = threading.Event(), threading.Event()

    def picture_is_opened() -> None:
        is_open.set()
        assert may_go_on.wait(60)

    live.proposals.in_turn("opened", picture_is_opened)
    assert is_open.wait(60)
    work.renew_now(1)
    live.proposals.prefetch([5], "ann")
    may_go_on.set()
    finish(live)
    assert proposer(live, 4).startswith("live/2/")
    assert not work.is_computing(1)
    work.close()


def test_what_is_dropped_when_the_studio_closes_is_not_being_computed(live: Services, work: LiveWork) -> None:
    is_busy, may_go_on = threading.Event(), threading.Event()

    def busy() -> None:
        is_busy.set()
        assert may_go_on.wait(60)

    live.proposals.in_turn("busy", busy)
    assert is_busy.wait(60)
    work.renew_now(1)
    assert work.is_computing(1)
    closing = threading.Thread(target=live.proposals.close)
    closing.start()
    may_go_on.set()
    closing.join(60)
    assert not work.is_computing(1)
    work.close()
