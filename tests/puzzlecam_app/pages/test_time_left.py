"""The bar of a page says how long the rest takes, once that can be told."""

from typing import Any

from puzzlecam_app.pages.time_left import time_left, with_time_left


def test_the_time_is_told_from_what_is_done_and_not_too_early() -> None:
    told: list[str] = []
    now = [0.0]

    def bar(_counts: Any, desc: str) -> None:
        told.append(desc)

    show = with_time_left(bar, "Exporting", lambda: now[0])
    for seconds, done in ((0.1, 1), (10.0, 10), (300.0, 20)):
        now[0] = seconds
        show(done, 100)

    assert told == ["Exporting", "Exporting, about 2 min left", "Exporting, about 20 min left"]
    assert time_left(12.4) == "12 s left"
