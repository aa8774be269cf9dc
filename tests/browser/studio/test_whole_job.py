"""The whole job, as a person does it: import, look, paint, undo, accept, come back, export."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.studio.conftest import LARGE, SMALL_SIZES, Review, Studio, photographs

PERSON = 1


def _exported(studio: Studio, review: Review, dataset: str) -> Path:
    """Export on the page and return the VOC folder that it names."""
    page = review.page
    page.goto(f"{studio.url}/export")
    page.locator("#export-dataset input").click()
    page.get_by_role("option", name=dataset, exact=True).click()
    page.locator("#export-start").click()
    expect(page.locator("#export-result")).to_contain_text("exported")
    out = Path(page.locator("#export-result code").first.inner_text())
    return out / "VOCdevkit" / "VOC2012"


def test_from_a_folder_of_pictures_to_a_voc_mask(review: Review, studio: Studio, pictures: Path) -> None:
    page = review.page
    page.goto(f"{studio.url}/datasets")
    page.locator("#import-path textarea").fill(str(pictures))
    page.locator("#import-name textarea").fill("whole job")
    page.locator("#import-tags textarea").fill(str(pictures / "tags.csv"))
    page.locator("#import-start").click()
    expect(page.locator("#import-report")).to_contain_text("3 added")
    page.locator("#import-review").click()
    expect(page.locator(".pr-queue-item")).to_have_count(3)

    review.open("whole job", "landscape")
    expect(page.locator(".pr-compare-view")).to_have_count(4)
    proposal = review.mask()
    assert 0.02 < (proposal == PERSON).mean() < 0.98, "the proposal says something"

    page.keyboard.press("1")
    page.keyboard.press("b")
    review.drag((20, 20), (120, 30))
    first = review.mask()
    assert (first != proposal).any()
    page.keyboard.press("0")
    review.drag((80, 250), (240, 280), (150, 220))
    second = review.mask()
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(review.mask(), first)
    page.keyboard.press("Control+y")
    np.testing.assert_array_equal(review.mask(), second)
    page.keyboard.press("Control+z")
    review.wait_saved()
    expect(page.locator(".pr-save")).to_have_text("Saved")
    review.accept("portrait")
    expect(page.locator(".pr-queue-item", has_text="landscape").locator(".pr-status")).to_have_attribute(
        "data-status", "corrected"
    )

    review.open("whole job", "landscape")
    page.reload()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), first)

    voc = _exported(studio, review, "whole job")
    with Image.open(voc / "SegmentationClass" / "landscape.png") as exported:
        assert exported.mode == "P"
        np.testing.assert_array_equal(np.asarray(exported), first)
    assert [path.name for path in (voc / "SegmentationClass").iterdir()] == ["landscape.png"]


@pytest.mark.parametrize(("name", "width", "height"), [*SMALL_SIZES, LARGE])
def test_what_is_painted_is_what_is_exported(
    review: Review, studio: Studio, tmp_path: Path, name: str, width: int, height: int
) -> None:
    page = review.page
    dataset = tmp_path.name
    photographs(tmp_path / "one", [(name, width, height)])
    studio.import_folder(tmp_path / "one", dataset)
    review.open(dataset, name)
    before = review.mask()
    assert before.shape == (height, width)
    page.keyboard.press("1")
    review.drag((width * 0.2, height * 0.3), (width * 0.7, height * 0.3), (width * 0.7, height * 0.8))
    page.keyboard.press("e")
    review.drag((width * 0.5, height * 0.1), (width * 0.5, height * 0.9))
    painted = review.mask()
    assert painted[int(height * 0.5), int(width * 0.7)] == PERSON
    assert painted[int(height * 0.5), int(width * 0.5)] == 0
    status = page.locator(".pr-queue-item", has_text=name).locator(".pr-status")
    page.keyboard.press("a")
    # The page may point out small pieces once; accepting again says that they are right.
    page.wait_for_function(
        """([name]) => {
            const rows = [...document.querySelectorAll(".pr-queue-item")];
            const row = rows.find((one) => one.textContent.includes(name));
            return document.querySelector(".pr-warning")?.checkVisibility() ||
                ["corrected", "accepted"].includes(row?.querySelector(".pr-status")?.dataset.status);
        }""",
        arg=[name],
    )
    if page.locator(".pr-warning").is_visible():
        page.keyboard.press("a")
    expect(status).to_have_attribute("data-status", re.compile("corrected|accepted"))
    voc = _exported(studio, review, dataset)
    with Image.open(voc / "SegmentationClass" / f"{name}.png") as exported:
        np.testing.assert_array_equal(np.asarray(exported), painted)


def test_keys_decide_and_move(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.keyboard.press("r")
    review.wait_for("portrait")
    page.keyboard.press("n")
    review.wait_for("small")
    page.keyboard.press("ArrowLeft")
    review.wait_for("portrait")
    expect(page.locator(".pr-queue-item", has_text="portrait").locator(".pr-status")).to_have_attribute(
        "data-status", "skipped"
    )
    assert review.status_of("landscape") == "rejected"
    page.keyboard.press("?")
    expect(page.locator("dialog.pr-help")).to_contain_text("Accept and go to the next picture")
    page.keyboard.press("a")  # the help is open: nothing is decided
    page.keyboard.press("Escape")
    assert review.status_of("portrait") == "skipped"


def test_revert_brings_the_proposal_back(review: Review, dataset: str) -> None:
    review.open(dataset, "portrait")
    proposal = review.mask()
    review.page.keyboard.press("0")
    review.drag((20, 330), (200, 250))
    review.wait_saved()
    assert (review.mask() != proposal).any()
    review.page.keyboard.press("v")
    review.page.wait_for_function(
        "() => document.querySelector('.pr-saying').textContent.includes('proposal')"
    )
    np.testing.assert_array_equal(review.mask(), proposal)


def test_heat_becomes_a_mask_without_asking_the_server(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    expect(page.locator(".pr-compare-view")).to_have_count(4)
    page.wait_for_load_state("networkidle")  # the next pictures are fetched ahead
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method + request.url))
    page.keyboard.press("m")
    threshold = page.get_by_label("Threshold", exact=True)
    for value in ("0.3", "0.5", "0.6"):
        threshold.evaluate(
            "(node, value) => { node.value = value; node.dispatchEvent(new Event('input')); }", value
        )
    assert asked == []
    page.keyboard.press("t")
    taken = review.mask()
    threshold.evaluate("node => { node.value = '0.1'; node.dispatchEvent(new Event('input')); }")
    page.keyboard.press("t")
    assert (review.mask() == PERSON).sum() > (taken == PERSON).sum() > 0


def test_superpixels_come_when_their_tool_is_chosen(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.evaluate(
        """() => {
            const { editor } = puzzlecamReview;
            const set = editor.setSuperpixels.bind(editor);
            editor.setSuperpixels = (labels) => {
                set(labels);
                window.superpixels = labels;
            };
        }"""
    )
    assert not page.evaluate("window.superpixels")
    page.keyboard.press("s")
    page.wait_for_function("window.superpixels")
    page.keyboard.press("0")
    before = review.mask()
    review.drag((225, 100), (225, 160))
    changed = review.mask() != before
    assert changed.any()
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(review.mask(), before)
