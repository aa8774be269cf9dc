"""What a labeler relies on all day: what the page shows is what holds, and it comes back after trouble."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.studio.conftest import Review, Studio

PERSON = 1
MANY = 70  # more than one page of the queue


def test_a_lock_holds_for_the_picture_that_shows_it(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.get_by_label("Lock person").click()
    review.drag((40, 30), (400, 30))
    page.keyboard.press("0")
    before = review.mask()
    review.drag((40, 30), (400, 30))
    np.testing.assert_array_equal(review.mask(), before)

    page.keyboard.press("ArrowRight")
    review.wait_for("portrait")
    expect(page.get_by_label("Lock person")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("1")
    review.drag((40, 30), (200, 30))
    page.keyboard.press("0")
    review.drag((40, 30), (200, 30))
    assert (review.mask()[30, 60:180] == 0).all()


def test_the_header_says_what_the_picture_has_become(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    status = page.locator(".pr-header .pr-status")
    expect(status).to_have_text("proposed")
    review.drag((40, 30), (400, 30))
    expect(status).to_have_text("draft", timeout=15_000)


def test_a_revert_can_be_undone(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    proposal = review.mask()
    page.keyboard.press("1")
    review.drag((40, 30), (400, 30))
    painted = review.mask()
    page.keyboard.press("v")
    expect(page.locator(".pr-saying")).to_contain_text("The proposal is restored", timeout=15_000)
    np.testing.assert_array_equal(review.mask(), proposal)
    assert page.evaluate("puzzlecamReview.draft.hasUnsavedWork") is False
    page.keyboard.press("Control+z")
    review.wait_saved()
    page.reload()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), painted)


def test_a_picture_that_could_not_be_opened_comes_by_itself(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.context.set_offline(True)
    page.keyboard.press("1")
    review.drag((40, 30), (400, 30))
    painted = review.mask()
    page.keyboard.press("ArrowRight")
    sentence = page.locator(".pr-stage-sentence")
    expect(sentence).to_contain_text("does not answer", timeout=15_000)
    expect(sentence.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator(".pr-save")).to_contain_text("1 picture kept in this browser", timeout=15_000)
    page.keyboard.press("Control+z")  # nothing is on the stage: nothing may change
    page.context.set_offline(False)
    review.wait_for("portrait")
    page.keyboard.press("ArrowLeft")
    review.wait_for("landscape")
    review.wait_saved()
    np.testing.assert_array_equal(review.mask(), painted)


def test_filters_are_remembered_and_begin_at_their_first_picture(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.keyboard.press("n")
    review.wait_for("portrait")
    expect(page.locator(".pr-queue-item", has_text="landscape").locator(".pr-status")).to_have_text("skipped")
    page.get_by_label("Status", exact=True).select_option("skipped")
    review.wait_for("landscape")
    page.reload()
    review.wait_for("landscape")
    expect(page.get_by_label("Status", exact=True)).to_have_value("skipped")
    page.get_by_label("Status", exact=True).select_option("todo")
    review.wait_for("portrait")  # what was put off is not offered first
    page.get_by_label("Status", exact=True).select_option("rejected")
    expect(page.locator(".pr-stage-sentence")).to_contain_text("No picture matches these filters")


def test_the_threshold_begins_where_proposals_are_cut(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.wait_for_function("window.puzzlecamReview?.heatPanel.maps")
    used = page.evaluate("puzzlecamReview.heatPanel.maps.header.threshold")
    threshold = page.get_by_label("Threshold", exact=True)
    assert float(threshold.input_value()) == pytest.approx(used)
    threshold.evaluate("node => { node.value = '0.3'; node.dispatchEvent(new Event('input')); }")
    page.keyboard.press("ArrowRight")
    review.wait_for("portrait")
    page.wait_for_function("window.puzzlecamReview?.heatPanel.maps")
    assert float(threshold.input_value()) == pytest.approx(0.3)


def test_a_link_far_down_the_queue_opens_among_its_neighbours(
    review: Review, studio: Studio, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        Image.new("RGB", (48, 32), (number, 90, 120)).save(folder / f"p{number:02}.png")
    rows = "".join(f"p{number:02}.png,person\n" for number in range(MANY))
    (folder / "tags.csv").write_text("image,tags\n" + rows, encoding="utf-8")
    studio.import_folder(folder, tmp_path.name)
    page = review.page
    page.goto(studio.url)
    page.get_by_label("Dataset", exact=True).select_option(label=tmp_path.name)
    page.wait_for_function("window.puzzlecamReview?.current?.item.name.startsWith('p00')", timeout=60_000)
    first, dataset = page.evaluate("[puzzlecamReview.current.item.id, puzzlecamReview.dataset.id]")
    page.goto(f"{studio.url}/?dataset={dataset}&item={first + MANY - 3}")
    page.wait_for_function("window.puzzlecamReview?.current?.item.name.startsWith('p67')", timeout=60_000)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.puzzlecamReview?.current?.item.name.startsWith('p68')", timeout=60_000)
