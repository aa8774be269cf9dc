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


def test_nothing_is_learned_before_a_mask_is_accepted(panel: Locator) -> None:
    expect(panel.locator("summary")).to_contain_text("nothing learned yet")
    expect(panel.get_by_role("row", name=re.compile("person"))).to_contain_text("0")
    expect(panel).to_contain_text("Correct next: person. No accepted mask shows it yet, and 3 pictures")


def test_an_accepted_mask_appears_in_the_panel(panel: Locator, review: Review) -> None:
    accept(review, "portrait")
    expect(panel.locator("summary")).to_contain_text(re.compile("learn(ed|ing) from 1 mask"))


def test_the_live_model_is_paused_and_resumed(panel: Locator) -> None:
    panel.get_by_role("button", name="Pause").press("Enter")
    expect(panel.locator("summary")).to_contain_text("paused")
    expect(panel).to_contain_text("Proposals stay as they are")
    panel.get_by_role("button", name="Resume").press("Enter")
    expect(panel.locator("summary")).to_contain_text("nothing learned yet")


def test_a_picture_is_ignored_and_learned_from_again(panel: Locator) -> None:
    panel.get_by_role("button", name="Ignore this picture").click()
    expect(panel).to_contain_text("1 picture is ignored: landscape")
    panel.get_by_role("button", name="Learn from this picture again").click()
    expect(panel.get_by_role("button", name="Ignore this picture")).to_be_visible()
    expect(panel).not_to_contain_text("is ignored")


def test_a_reset_asks_first_and_keeps_every_mask(panel: Locator, review: Review) -> None:
    page = review.page
    accept(review, "portrait")
    expect(panel.locator("summary")).to_contain_text("1 mask")

    panel.get_by_role("button", name="Reset…").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(panel.locator("summary")).to_contain_text("1 mask")

    panel.get_by_role("button", name="Reset…").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset the live model").click()
    expect(panel.locator("summary")).to_contain_text("nothing learned yet")
    assert review.status_of("landscape") == "corrected"


def test_the_class_to_correct_next_filters_the_queue(panel: Locator, review: Review) -> None:
    panel.get_by_role("button", name="person", exact=True).click()
    expect(review.page.get_by_label("Class", exact=True)).to_have_value("1")
    expect(review.page.get_by_label("Status", exact=True)).to_have_value("todo")
