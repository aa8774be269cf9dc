"""What every page has: a title, a link past the navigation, and room on a small screen."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.studio.conftest import Review, Studio
from tests.helpers_pictures import save

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

FAINT = """() => {
    const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgba = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].map((value, i) => (i < 3 ? value : value / 255));
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
    const luminance = (rgb) => {
        const [r, g, b] = rgb.map((value) => value / 255)
            .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim();
        const parent = texts.currentNode.parentElement;
        if (!text || !parent.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
        if (parent.closest("script, style, option, :disabled, [inert], .sr-only")) continue;
        const around = [];
        for (let node = parent; node; node = node.parentElement) around.unshift(getComputedStyle(node));
        const ground = around.reduce((below, one) => over(rgba(one.backgroundColor), below), [255, 255, 255]);
        const ink = rgba(around.at(-1).color);
        ink[3] *= around.reduce((opacity, style) => opacity * Number(style.opacity), 1);
        const [low, high] = [luminance(over(ink, ground)), luminance(ground)].sort((a, b) => a - b);
        const contrast = (high + 0.05) / (low + 0.05);
        if (contrast < 4.5) faint.add(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
    return [...faint];
}"""


def _faint(page: Page) -> list[str]:
    """Texts that stay hard to read; Gradio makes all pale while it waits for an answer."""
    try:
        page.wait_for_function(f"() => ({FAINT})().length === 0")
    except TimeoutError:
        found: list[str] = page.evaluate(FAINT)
        return found
    return []


@pytest.mark.parametrize(("width", "scheme"), [(1024, "light"), (820, "dark")])
def test_pages_have_titles_and_skip_links_can_be_read_and_fit_on_small_screens(
    page: Page, studio: Studio, dataset: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    titles = set()
    for path, ready in READY.items():
        page.goto(studio.url + path)
        expect(page.locator(ready)).to_be_visible()
        page.wait_for_function("document.title !== 'Puzzle-CAM studio'")
        titles.add(page.title())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(OUTSIDE) == [], path
        assert _faint(page) == [], path  # the contrast that WCAG 2 calls AA
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
    expect(state).to_contain_text("No model has processed 3 pictures yet")
    page.locator("#proposals-compute").click()
    expect(page.locator("#proposals-compute")).to_have_text("Stop computing")
    expect(state).to_contain_text("3 pictures computed.")
    expect(state).to_contain_text("All pictures have heatmaps, a proposal and a doubt.")
    page.goto(f"{review.studio.url}/datasets?dataset=99999")
    expect(page.locator("#import-report")).to_contain_text("There is no dataset 99999")


def test_the_datasets_page_says_how_tags_are_understood(review: Review, tmp_path: Path) -> None:
    save(tmp_path / "a.jpg")
    save(tmp_path / "b.jpg", seed=1)
    (tmp_path / "tags.csv").write_text("image,tags\na.jpg,cab\nb.jpg,leaf blight\n")
    review.studio.import_folder(tmp_path, "odd words")
    page = review.page
    page.goto(f"{review.studio.url}/datasets")
    page.locator("#import-report-of input").click()
    page.locator("li[role=option]", has_text="odd words").click()
    expect(page.locator("#tag-words-text")).to_contain_text("1 of 2 tags could not be matched")
    table = page.locator("#tag-words-table")
    expect(table).to_contain_text("cab, hack, taxi")
    expect(table).to_contain_text("nothing; until a run has learned it")
