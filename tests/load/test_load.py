"""The bench finds what it looks for, and a short one loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.load.__main__ import main
from tests.load.figures import Entry, Figures, Saved, percentile, table

ANN, BEN = "ann", "ben"


def _checked(saved: list[Saved], history: list[Entry]) -> Figures:
    figures = Figures(saved=saved)
    figures.check(1, history)
    return figures


def test_saves_that_follow_each_other_are_kept() -> None:
    saved = [Saved(1, 5, 6, ANN), Saved(1, 6, 9, ANN)]
    figures = _checked(saved, [Entry(5, None), Entry(6, ANN), Entry(9, ANN)])
    assert figures.is_good
    assert (figures.lost, figures.overwritten) == (0, 0)


def test_a_save_that_is_missing_or_under_another_name_is_lost() -> None:
    figures = _checked([Saved(1, 5, 6, ANN), Saved(1, 5, 7, BEN)], [Entry(5, None), Entry(6, BEN)])
    assert figures.lost == 2
    assert not figures.is_good


def test_a_save_on_an_older_revision_has_overwritten() -> None:
    saved = [Saved(1, 0, 5, ANN), Saved(1, 0, 6, BEN)]
    assert _checked(saved, [Entry(5, ANN), Entry(6, BEN)]).overwritten == 1


def test_a_picture_with_two_people_was_given_twice() -> None:
    figures = Figures()
    figures.given(1, ANN)
    figures.given(1, ANN)
    assert figures.given_twice == 0
    figures.given(1, BEN)
    assert figures.given_twice == 1


def test_percentiles_are_values_that_were_measured() -> None:
    hundred = list(range(1, 101))
    assert [percentile(hundred, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]


def test_refusals_are_listed_and_their_times_left_out() -> None:
    figures = Figures(memory_mb=[1.0])
    figures.answered("GET /api/health", 200, 0.010)
    figures.answered("GET /api/health", 503, 9.0)
    figures.answered("PUT /api/items/{id}/mask", 412, 9.0)
    assert figures.failures == {"GET /api/health 503": 1}
    assert not figures.is_good
    assert "| `GET /api/health` | 1 | 10 | 10 | 10 | 10 |" in table(figures)


@pytest.mark.slow
def test_five_seconds_with_three_people_lose_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It starts a real studio with its real model; nothing here depends on how fast the machine is."""
    short = ("--people", "3", "--seconds", "5", "--think", "0.3", "--pictures", "60", "--size", "64x48")
    with ThreadPoolExecutor(1) as pool:  # browser tests of the same process leave a running event loop here
        assert pool.submit(main, list(short)).result() == 0
    printed = capsys.readouterr().out
    assert "Saves lost: 0. Silent overwrites: 0." in printed
    assert "Pictures given to two people: 0. Requests without an answer: 0." in printed
    assert "| `GET /api/health` |" in printed
