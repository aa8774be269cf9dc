"""The panel of the live model: it says what was learned, and people control it without losing a mask."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.studio.conftest import Review


@pytest.fixture
def panel(review: Review, dataset: str) -> Locator:
    review.open(dataset, "landscape")
    panel = review.page.locator(".pr-live")
    panel.locator("summary").press("Enter")
    expect(panel.get_by_role("table")).to_be_visible()
    return panel


def accept(review: Review, following: str) -> None:
    """Accept what was painted, and go to the next picture."""
    review.page.keyboard.press("1")
    review.drag((30, 20), (50, 20))
    review.accept(following)


def test_the_panel_says_what_is_learned_and_people_control_it(panel: Locator, review: Review) -> None:
    page, summary = review.page, panel.locator("summary")

    # Nothing is learned before a mask is accepted.
    expect(summary).to_contain_text("nothing learned yet")
    expect(panel.get_by_role("row", name=re.compile("person"))).to_contain_text("0")
    expect(panel).to_contain_text("Correct next: person. No accepted mask shows it yet, and 3 pictures")

    # It is paused and resumed.
    panel.get_by_role("button", name="Pause").press("Enter")
    expect(summary).to_contain_text("paused")
    expect(panel).to_contain_text("Proposals stay as they are")
    panel.get_by_role("button", name="Resume").press("Enter")
    expect(summary).to_contain_text("nothing learned yet")

    # A picture is ignored and learned from again.
    panel.get_by_role("button", name="Ignore this picture").click()
    expect(panel).to_contain_text("1 picture is ignored: landscape")
    panel.get_by_role("button", name="Learn from this picture again").click()
    expect(panel.get_by_role("button", name="Ignore this picture")).to_be_visible()
    expect(panel).not_to_contain_text("is ignored")

    # An accepted mask appears in the panel.
    accept(review, "portrait")
    expect(summary).to_contain_text(re.compile("learn(ed|ing) from 1 mask"))
    expect(summary).to_contain_text("1 mask")

    # A reset asks first and keeps every mask.
    panel.get_by_role("button", name="Reset…").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(summary).to_contain_text("1 mask")
    panel.get_by_role("button", name="Reset…").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset the live model").click()
    expect(summary).to_contain_text("nothing learned yet")
    assert review.status_of("landscape") == "corrected"

    # The class to correct next filters the queue.
    panel.get_by_role("button", name="person", exact=True).click()
    expect(page.get_by_label("Class", exact=True)).to_have_value("1")
    expect(page.get_by_label("Status", exact=True)).to_have_value("todo")
