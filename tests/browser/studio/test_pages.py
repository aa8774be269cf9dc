"""What every page has: a title, a link past the navigation, and room on a small screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Review, Studio

READY = {
    "/": ".pr-decisions",
    "/datasets": "#import-start",
    "/lab": ".lb-picker",
    "/runs": ".rn-main",
    "/export": "#export-start",
}
OUTSIDE = """() => [...document.querySelectorAll("button, select, input, a")]
    .filter((node) => node.checkVisibility({visibilityProperty: true}) && !node.closest(".pr-class-row"))
    .map((node) => [node.textContent || node.getAttribute("aria-label"), node.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && box.bottom > 0 && (box.left < -1 || box.right > innerWidth + 1))
    .map(([text]) => text)"""


@pytest.mark.parametrize("width", [1024, 820])
def test_pages_have_titles_skip_links_and_fit_on_small_screens(
    page: Page, studio: Studio, dataset: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    titles = set()
    for path, ready in READY.items():
        page.goto(studio.url + path)
        expect(page.locator(ready)).to_be_visible(timeout=60_000)
        page.wait_for_function("document.title !== 'Puzzle-CAM studio'")
        titles.add(page.title())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(OUTSIDE) == [], path
    assert len(titles) == len(READY)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('main')")


def test_proposals_of_a_dataset_are_computed_with_progress(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    note = page.locator(".pr-queue-note")
    expect(note).to_contain_text("The doubt of 3 pictures is not known yet")
    note.get_by_role("link").click()
    state = page.locator("#proposals-state")
    expect(state).to_contain_text("No model has processed 3 pictures yet", timeout=60_000)
    page.locator("#proposals-compute").click()
    expect(page.locator("#proposals-compute")).to_have_text("Stop computing")
    expect(state).to_contain_text("3 pictures computed.", timeout=120_000)
    expect(state).to_contain_text("All pictures have heatmaps, a proposal and a doubt.")
    page.goto(f"{review.studio.url}/datasets?dataset=99999")
    expect(page.locator("#import-report")).to_contain_text("There is no dataset 99999", timeout=60_000)
