"""What a labeler relies on all day: what the page shows is what holds, and it comes back after trouble."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Review, Studio, photographs

PERSON = 1
MANY = 70  # more than one page of the queue


def test_header_threshold_and_revert(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    proposal = review.mask()
    status = page.locator(".pr-header .pr-status")
    expect(status).to_have_text("proposed")

    # The threshold begins where proposals are cut.
    page.wait_for_function("window.puzzlecamReview?.heatPanel.maps")
    used = page.evaluate("puzzlecamReview.heatPanel.maps.header.threshold")
    threshold = page.get_by_label("Threshold", exact=True)
    assert float(threshold.input_value()) == pytest.approx(used)

    # The header says what the picture has become.
    page.keyboard.press("1")
    review.drag((40, 30), (400, 30))
    painted = review.mask()
    expect(status).to_have_text("draft")

    # A revert can be undone.
    page.keyboard.press("v")
    expect(page.locator(".pr-saying")).to_contain_text("The proposal is restored")
    np.testing.assert_array_equal(review.mask(), proposal)
    assert page.evaluate("puzzlecamReview.draft.hasUnsavedWork") is False
    page.keyboard.press("Control+z")
    review.wait_saved()
    page.reload()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), painted)

    # A threshold stays for the next picture.
    page.wait_for_function("window.puzzlecamReview?.heatPanel.maps")
    threshold.evaluate("node => { node.value = '0.3'; node.dispatchEvent(new Event('input')); }")
    page.keyboard.press("ArrowRight")
    review.wait_for("portrait")
    page.wait_for_function("window.puzzlecamReview?.heatPanel.maps")
    assert float(threshold.input_value()) == pytest.approx(0.3)


def test_a_lock_holds_for_its_picture_and_one_that_could_not_be_opened_comes_by_itself(
    review: Review, dataset: str
) -> None:
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

    # The studio does not answer when a picture is opened.
    page.keyboard.press("ArrowLeft")
    review.wait_for("landscape")
    page.context.set_offline(True)
    page.keyboard.press("1")
    review.drag((40, 250), (400, 250))
    painted = review.mask()
    page.keyboard.press("ArrowRight")
    sentence = page.locator(".pr-stage-sentence")
    expect(sentence).to_contain_text("does not answer")
    expect(sentence.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator(".pr-save")).to_contain_text("1 picture kept in this browser")
    page.keyboard.press("Control+z")  # nothing is on the stage: nothing may change
    page.context.set_offline(False)
    review.wait_for("portrait")
    page.keyboard.press("ArrowLeft")
    review.wait_for("landscape")
    review.wait_saved()
    np.testing.assert_array_equal(review.mask(), painted)


def test_specks_and_what_is_probably_an_oversight_are_asked_about_once(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    mask = np.zeros((300, 451), np.uint8)
    mask[50:200, 100:300] = PERSON
    mask[10:13, 10:13] = PERSON
    page.evaluate("(mask) => puzzlecamReview.editor.setMask(Uint8Array.from(mask))", mask.ravel().tolist())
    page.keyboard.press("a")
    expect(page.locator(".pr-warning")).to_contain_text("1 small piece")
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert review.mask()[11, 11] == 0
    page.keyboard.press("a")
    review.wait_for("portrait")

    # The mask of the next picture is empty.
    page.evaluate("puzzlecamReview.editor.setMask(new Uint8Array(puzzlecamReview.editor.mask.length))")
    page.keyboard.press("a")
    warning = page.locator(".pr-warning")
    expect(warning).to_contain_text("The mask is empty, but the picture has the tags: person.")
    assert review.status_of("portrait") not in ("accepted", "corrected")
    page.keyboard.press("a")
    review.wait_for("small")
    expect(warning).to_be_hidden()
    expect(page.locator(".pr-queue-item", has_text="portrait").locator(".pr-status")).to_have_attribute(
        "data-status", "corrected"
    )
    page.keyboard.press("ArrowLeft")
    review.wait_for("portrait")
    page.wait_for_function("puzzlecamReview.current.hints.known?.confirmed.length === 1")
    page.keyboard.press("a")
    review.wait_for("small")
    expect(warning).to_be_hidden()


def test_undo_takes_decisions_back_and_filters_are_remembered(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.keyboard.press("r")
    review.wait_for("portrait")
    page.keyboard.press("1")
    review.drag((40, 30), (200, 30))
    review.wait_saved()
    painted = review.mask()
    page.keyboard.press("n")
    review.wait_for("small")
    page.keyboard.press("Control+z")
    review.wait_for("portrait")
    np.testing.assert_array_equal(review.mask(), painted)
    assert review.status_of("portrait") == "drafted"
    page.keyboard.press("Control+z")
    review.wait_for("landscape")
    expect(page.locator(".pr-saying")).to_contain_text("landscape.jpg is no longer rejected")
    assert review.status_of("landscape") == "proposed"

    # Also about the last picture, whose strokes it keeps.
    page.locator(".pr-queue-item", has_text="small").click()
    review.wait_for("small")
    page.keyboard.press("1")
    review.drag((10, 10), (50, 10))
    painted = review.mask()
    page.keyboard.press("r")
    status = page.locator(".pr-queue-item", has_text="small").locator(".pr-status")
    expect(status).to_have_attribute("data-status", "rejected")
    page.keyboard.press("Control+z")
    expect(status).to_have_attribute("data-status", "drafted")
    review.wait_for("small")
    np.testing.assert_array_equal(review.mask(), painted)

    # Filters are remembered and begin at their first picture.
    page.locator(".pr-queue-item", has_text="landscape").click()
    review.wait_for("landscape")
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
    page.wait_for_function("window.puzzlecamReview?.current?.item.name.startsWith('p00')")
    first, dataset = page.evaluate("[puzzlecamReview.current.item.id, puzzlecamReview.dataset.id]")
    page.goto(f"{studio.url}/?dataset={dataset}&item={first + MANY - 3}")
    page.wait_for_function("window.puzzlecamReview?.current?.item.name.startsWith('p67')")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("window.puzzlecamReview?.current?.item.name.startsWith('p68')")


def test_keys_bookmarks_and_going_to_a_picture(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    key_of_brush = keys.get_by_role("button", name="Brush: B")
    key_of_brush.click()
    page.keyboard.press("a")
    expect(keys.get_by_role("status")).to_have_text(
        "A is already “Accept and go to the next picture”: give that another key first."
    )
    key_of_brush.click()
    with page.expect_response("**/api/preferences"):
        page.keyboard.press("Shift+B")
    page.keyboard.press("?")
    page.keyboard.press("k")
    page.keyboard.press("b")
    assert page.evaluate("puzzlecamReview.editor.tool") == "smart"
    page.keyboard.press("Shift+B")
    assert page.evaluate("puzzlecamReview.editor.tool") == "brush"
    expect(page.locator(".pz-toolbar [aria-pressed=true][aria-label=Brush]")).to_have_attribute(
        "title", "Brush (Shift+B)"
    )
    with page.expect_response("**/bookmark"):
        page.keyboard.press("Shift+S")
    expect(page.get_by_role("button", name="Bookmark")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+F")
    page.get_by_label("Name of the picture, or its number in the queue").fill("portrait")
    expect(page.get_by_role("option", name="portrait", exact=False).first).to_be_visible()
    page.keyboard.press("Enter")
    review.wait_for("portrait")
    review.open(dataset, "landscape")  # another page load
    expect(page.locator(".pz-toolbar button[aria-label=Brush]")).to_have_attribute("title", "Brush (Shift+B)")
    page.get_by_label("Status", exact=True).select_option("bookmarks")
    expect(page.locator(".pr-queue-item")).to_have_count(1)
    expect(page.locator(".pr-queue-count")).to_have_text("1 of 1 picture")
    page.get_by_label("Status", exact=True).select_option("")
    page.wait_for_function("puzzlecamReview.queue.items.length > 1 && puzzlecamReview.draft")
    page.locator(".pz-stage").focus()
    page.keyboard.press("Shift+F")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_function("puzzlecamReview.queue.items[1].id === puzzlecamReview.current?.item.id")
    page.keyboard.press("?")
    with page.expect_response("**/api/preferences"):
        keys.get_by_role("button", name="Usual keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    assert page.evaluate("puzzlecamReview.editor.tool") == "brush"


def test_the_mask_of_the_picture_before_is_copied(review: Review, studio: Studio, tmp_path: Path) -> None:
    photographs(tmp_path / "frames", [("first", 120, 80), ("second", 120, 80), ("wider", 160, 80)])
    Image.new("RGB", (120, 80), "teal").save(tmp_path / "frames" / "second.jpg")  # no two are equal
    studio.import_folder(tmp_path / "frames", f"{tmp_path.name} frames")
    page = review.page
    review.open(f"{tmp_path.name} frames", "first")
    expect(page.locator(".pr-queue-count")).to_have_text("1 of 3 pictures")
    mask = np.zeros((80, 120), np.uint8)
    mask[20:60, 30:90] = PERSON
    page.evaluate("(mask) => puzzlecamReview.editor.setMask(Uint8Array.from(mask))", mask.ravel().tolist())
    page.keyboard.press("ArrowRight")
    review.wait_for("second")
    expect(page.locator(".pr-queue-count")).to_have_text("2 of 3 pictures")
    page.keyboard.press("q")
    np.testing.assert_array_equal(review.mask(), mask)
    review.wait_saved()
    page.keyboard.press("ArrowRight")
    review.wait_for("wider")
    page.keyboard.press("q")
    expect(page.locator(".pr-saying")).to_contain_text("120 x 80 pixels; this picture has 160 x 80")


def test_classes_keep_their_keys_and_a_missing_picture_disables_what_cannot_work(
    review: Review, studio: Studio, tmp_path: Path
) -> None:
    folder = tmp_path / "classes"
    folder.mkdir()
    names = [f"kind{number:02}" for number in range(1, 25)]
    tags = {"p1": "kind03", "p2": "kind12", "p3": "kind24"}
    for picture in tags:
        Image.new("RGB", (96, 64), (90, int(picture[1]) * 40, 120)).save(folder / f"{picture}.jpg")
    rows = "".join(f"{picture}.jpg,{tag}\n" for picture, tag in tags.items())
    (folder / "tags.csv").write_text("image,tags\n" + rows, encoding="utf-8")
    (folder / "classes.txt").write_text("\n".join(names), encoding="utf-8")
    done = studio.command(
        "dataset",
        "import",
        str(folder),
        "--name",
        tmp_path.name,
        "--tags",
        str(folder / "tags.csv"),
        "--classes",
        str(folder / "classes.txt"),
    )
    assert done.returncode == 0, done.stderr
    (folder / "p3.jpg").unlink()
    page = review.page
    review.open(tmp_path.name, "p1")
    chosen = "puzzlecamReview.editor.activeClass"
    for picture in ("p1", "p2"):
        review.wait_for(picture)
        for keys, expected in (("3", 3), ("Shift+2", 12), ("Shift+0", 10), ("9", 9)):
            page.keyboard.press(keys)
            assert page.evaluate(chosen) == expected, (picture, keys)
        page.keyboard.press("/")
        page.keyboard.type("d24")
        page.keyboard.press("Enter")
        assert page.evaluate(chosen) == 24
        review.drag((10, 20), (60, 20))
        page.keyboard.press("a")
        expect(page.locator(".pr-warning")).to_contain_text("a class that is no tag of the picture: kind24")
        page.keyboard.press("ArrowRight")
    expect(page.locator(".pr-stage-sentence")).to_contain_text("p3")
    for name in ("Accept", "Reject", "Skip", "Revert"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    expect(page.get_by_role("button", name="Previous")).to_be_enabled()
    assert page.locator(".pr-toolbar").evaluate("node => node.inert")


def test_addresses_of_what_does_not_exist_say_so(page: Page, studio: Studio, dataset: str) -> None:
    for path, sentence in (
        ("/?dataset=99999", "There is no dataset 99999."),
        ("/?item=99999", "There is no picture 99999."),
        ("/lab?item=99999", "There is no picture 99999."),
        ("/lab?dataset=99999", "There is no dataset 99999."),
        ("/runs?run=77", "There is no run 77."),
    ):
        page.goto(studio.url + path)
        expect(page.get_by_text(sentence)).to_be_visible()
