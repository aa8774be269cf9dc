"""Two people, a server that is away, a server that is killed: no work is lost, and all can be had back."""

import signal
import sqlite3
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.studio.conftest import Review, Studio, photographs


def _stroke(review: Review, y: int) -> np.ndarray:
    """Paint one stroke of the first class across the picture; returns the mask with it."""
    review.page.locator(".pz-stage").focus()
    review.page.keyboard.press("1")
    review.drag((40, y), (400, y))
    return review.mask()


def test_the_second_save_is_refused_shown_beside_and_resolved(
    review: Review, second_person: Review, dataset: str
) -> None:
    first, second = review, second_person
    second.open(dataset, "landscape")
    first.open(dataset, "landscape")
    first.page.get_by_label("Your name").fill("Ada")
    with first.page.expect_response("**/api/session"):
        first.page.get_by_label("Your name").press("Enter")
    first.page.keyboard.press("Escape")
    dialog = second.page.locator("dialog.pr-conflict")
    for y, choice in ((30, "mine"), (90, "theirs"), (150, "merged")):
        # Ada saves a stroke after Grace has opened the picture; Grace paints below it.
        base = second.mask()
        theirs = _stroke(first, y)
        first.wait_saved()
        mine = _stroke(second, y + 30)
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text("Ada saved this picture too")
        expect(dialog.locator("canvas")).to_have_count(3)
        dialog.locator(f"[data-choice={choice}]").click()
        second.wait_saved()
        expected = {"mine": mine, "theirs": theirs, "merged": np.where(mine != base, mine, theirs)}[choice]
        np.testing.assert_array_equal(second.mask(), expected)
        first.page.reload()
        first.wait_for("landscape")
        np.testing.assert_array_equal(first.mask(), expected)


def test_a_picture_that_is_opened_again_while_its_mask_is_sent_shows_that_mask(
    review: Review, dataset: str
) -> None:
    page = review.page
    review.open(dataset, "landscape")
    item_id = review.item_id(dataset, "landscape")
    sent: list[Route] = []
    fetched: list[Route] = []
    page.route(
        f"**/api/items/{item_id}/mask?*",
        lambda route: sent.append(route) if route.request.method == "PUT" else route.continue_(),
    )
    painted = _stroke(review, 30)
    with page.expect_request(lambda request: request.method == "PUT"):
        page.keyboard.press("ArrowRight")
    review.wait_for("portrait")

    # The old mask has come and the rest is on its way when the studio takes the new one.
    page.route(f"**/api/items/{item_id}", lambda route: fetched.append(route))
    with page.expect_request(f"**/api/items/{item_id}"):
        page.keyboard.press("ArrowLeft")
    sent[0].continue_()
    expect(page.locator(".pr-queue-item", has_text="landscape")).to_contain_text("draft")
    fetched[0].continue_()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), painted)

    page.unroute(f"**/api/items/{item_id}/mask?*")
    page.unroute(f"**/api/items/{item_id}")
    more = _stroke(review, 90)
    review.wait_saved()
    expect(page.locator("dialog.pr-conflict")).to_be_hidden()
    np.testing.assert_array_equal(review.mask(), more)


def test_work_is_kept_and_sent_however_a_save_fails_and_leaving_with_it_warns(
    review: Review, dataset: str
) -> None:
    page = review.page
    review.open(dataset, "landscape")

    # The server is away.
    page.route("**/api/items/*/mask*", lambda route: route.abort())
    page.keyboard.press("0")
    review.drag((60, 60), (300, 200))
    painted = review.mask()
    expect(page.locator(".pr-save")).to_have_attribute("data-state", "offline")
    expect(page.locator(".pr-save")).to_contain_text("kept in this browser")
    page.unroute("**/api/items/*/mask*")
    review.wait_saved()
    page.reload()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), painted)

    # A save whose answer was lost is no conflict.
    stored: list[int] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method != "PUT" or stored:  # the next picture's mask is fetched ahead
            route.continue_()
            return
        stored.append(route.fetch().status)
        route.abort()

    page.route("**/api/items/*/mask*", lose_the_answer)
    page.keyboard.press("1")
    review.drag((60, 60), (300, 200))
    painted = review.mask()
    review.wait_saved()
    assert stored == [200]
    page.reload()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), painted)

    # Leaving with unsaved work warns.
    page.unroute("**/api/items/*/mask*")
    page.route("**/api/items/*/mask*", lambda route: route.abort())
    page.keyboard.press("0")
    review.drag((60, 60), (300, 200))
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.reload()
    assert asked == ["beforeunload"]


def test_unsent_work_survives_a_closed_tab(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.route("**/api/items/*/mask*", lambda route: route.abort())
    page.keyboard.press("0")
    review.drag((60, 60), (300, 200))
    painted = review.mask()
    expect(page.locator(".pr-save")).to_have_attribute("data-state", "offline")
    url = page.url
    page.close(run_before_unload=False)
    review.page = page.context.new_page()
    review.page.goto(url)
    review.wait_for("landscape")
    review.wait_saved()
    np.testing.assert_array_equal(review.mask(), painted)


def test_leaving_while_a_decision_is_on_its_way_warns(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    on_their_way: list[Route] = []
    page.route("**/api/items/*/decision", lambda route: on_their_way.append(route))
    with page.expect_request("**/api/items/*/decision"):
        page.keyboard.press("a")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    for route in on_their_way:
        route.continue_()
    expect(page.locator(".pr-queue-item", has_text="landscape").locator(".pr-status")).to_have_attribute(
        "data-status", "accepted"
    )
    with page.expect_event("close"):  # nothing is on its way any more: nobody is asked
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_a_decision_outlives_its_tab(review: Review, dataset: str, studio: Studio) -> None:
    page = review.page
    review.open(dataset, "landscape")
    dataset_id = page.evaluate("window.puzzlecamReview.dataset.id")
    assert studio.process is not None
    studio.process.send_signal(signal.SIGSTOP)
    try:
        page.keyboard.press("a")
        other = page.context.new_page()
        page.close(run_before_unload=False)
    finally:
        studio.process.send_signal(signal.SIGCONT)
    review.page = other
    review.open(dataset, "landscape")
    # The studio may still be storing what the closed tab has sent.
    listed = f"{studio.url}/api/datasets/{dataset_id}/items?status=accepted"
    for _ in range(PATIENCE_MS // 200):
        if other.request.get(listed).json()["items"]:
            break
        other.wait_for_timeout(200)
    other.reload()
    review.wait_for("landscape")
    row = other.locator(".pr-queue-item", has_text="landscape")
    expect(row.locator(".pr-status")).to_have_attribute("data-status", "accepted")


def test_decisions_made_offline_wait_beside_their_masks_and_are_sent_in_order(
    review: Review, dataset: str
) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.route("**/api/items/*/decision", lambda route: route.abort())

    def lose_saves(route: Route) -> None:
        if route.request.method == "PUT":
            route.abort()
        else:
            route.continue_()

    page.route("**/api/items/*/mask*", lose_saves)
    page.keyboard.press("1")
    review.drag((40, 30), (400, 30))
    page.keyboard.press("n")
    review.wait_for("portrait")
    expect(page.locator(".pr-saying")).to_contain_text("landscape.jpg: “skip” is kept in this browser")
    expect(page.locator(".pr-save")).to_contain_text("1 other picture kept in this browser")
    expect(page.locator(".pr-save")).not_to_contain_text("Saved")
    page.keyboard.press("r")
    review.wait_for("small")
    expect(page.locator(".pr-save")).to_contain_text("2 other pictures kept in this browser")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method + request.url.split("/items/")[-1]))
    page.unroute("**/api/items/*/mask*")
    page.unroute("**/api/items/*/decision")
    for picture, status in (("landscape", "skipped"), ("portrait", "rejected")):
        expect(page.locator(".pr-queue-item", has_text=picture).locator(".pr-status")).to_have_attribute(
            "data-status", status
        )
    expect(page.locator(".pr-save")).to_have_text("Saved")
    decided = [one for one in sent if one.endswith("decision") or one.startswith("PUT")]
    first, second = decided[-2:]
    assert int(first.removeprefix("POST").split("/")[0]) < int(second.removeprefix("POST").split("/")[0])


def test_an_unsent_decision_survives_a_closed_tab(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.route("**/api/items/*/decision", lambda route: route.abort())
    page.keyboard.press("n")
    expect(page.locator(".pr-saying")).to_contain_text("is kept in this browser")
    page.close(run_before_unload=False)
    review.page = page.context.new_page()
    review.open(dataset, "landscape")
    assert review.status_of("landscape") == "skipped"


def test_a_decision_whose_answer_was_lost_is_stored_once(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    answered: list[int] = []

    def lose_the_answer(route: Route) -> None:
        answered.append(route.fetch().status)
        route.abort()

    page.route("**/api/items/*/decision", lose_the_answer, times=1)
    item = page.evaluate("puzzlecamReview.current.item.id")
    page.keyboard.press("n")
    expect(page.locator(".pr-queue-item", has_text="landscape").locator(".pr-status")).to_have_attribute(
        "data-status", "skipped"
    )
    assert answered == [200]
    history = page.request.get(f"{review.studio.url}/api/items/{item}/revisions").json()
    assert [entry["action"] for entry in history] == ["proposed", "skipped"]


def test_a_refused_decision_offers_the_way_back_and_nothing_is_called_saved(
    review: Review, second_person: Review, dataset: str
) -> None:
    page = review.page
    review.open(dataset, "landscape")
    second_person.open(dataset, "landscape")
    second_person.page.keyboard.press("1")
    second_person.drag((40, 30), (400, 30))
    second_person.wait_saved()
    page.keyboard.press("n")
    expect(page.locator(".pr-saying")).to_contain_text("landscape.jpg: “skip” was not stored")
    expect(page.locator(".pr-save")).to_have_text("The last change of 1 other picture not stored")
    page.locator(".pr-saying button").click()
    review.wait_for("landscape")
    page.keyboard.press("n")
    expect(page.locator(".pr-queue-item", has_text="landscape").locator(".pr-status")).to_have_attribute(
        "data-status", "skipped"
    )


def test_killing_the_server_amid_saves_loses_at_most_the_stroke_in_flight(page: Page, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    photographs(pictures)
    studio = Studio(tmp_path / "workspace")
    studio.import_folder(pictures, "kill")
    studio.start()
    review = Review(page, studio)
    review.open("kill", "landscape")
    try:
        review.page.keyboard.press("1")
        review.drag((30, 40), (420, 60))
        review.wait_saved()
        with review.page.expect_request(lambda request: request.method == "PUT"):
            review.drag((30, 100), (420, 120))
        studio.kill()
        _is_whole(studio.workspace)
        studio.start()
        review.wait_saved()  # the page sends the stroke in flight again
        painted = review.mask()
        review.page.reload()
        review.wait_for("landscape")
        np.testing.assert_array_equal(review.mask(), painted)
    finally:
        studio.kill()


def _is_whole(workspace: Path) -> None:
    """Every row of the database and every mask file can be read."""
    with sqlite3.connect(workspace / "puzzlecam.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        hashes = [row[0] for row in database.execute("SELECT mask_hash FROM revisions")]
    for name in hashes:
        with Image.open(workspace / "masks" / name[:2] / f"{name}.png") as mask:
            mask.load()


def test_every_mask_of_a_picture_can_be_seen_and_taken_back(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    proposal = review.mask()
    page.keyboard.press("1")
    review.drag((40, 30), (400, 30))
    review.wait_saved()
    first = review.mask()
    page.keyboard.press("0")
    review.drag((40, 30), (400, 200))
    painted = review.mask()
    page.keyboard.press("y")  # what is on the screen is saved, and the newest entry
    dialog = page.locator("dialog:has(.pr-history)")
    expect(dialog.locator("li")).to_have_count(3)
    expect(dialog.locator("li").first).to_contain_text("Saved by")
    expect(dialog.locator("li").last).to_contain_text("Proposed by the studio")
    expect(dialog).to_contain_text("This is the current mask.")
    expect(dialog.get_by_role("button", name="Use this mask")).to_be_disabled()
    page.keyboard.press("ArrowDown")
    differing = int((first != painted).sum())
    expect(dialog).to_contain_text(f"{differing:,} pixels differ from the current mask.")
    expect(dialog.locator("canvas")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    np.testing.assert_array_equal(review.mask(), first)
    review.wait_saved()
    page.keyboard.press("Control+z")
    review.wait_saved()
    np.testing.assert_array_equal(review.mask(), painted)
    page.keyboard.press("Control+y")
    review.wait_saved()
    page.keyboard.press("y")
    expect(dialog.locator("li")).to_have_count(6)
    page.keyboard.press("ArrowUp")  # from the newest to the oldest
    expect(dialog).to_contain_text(f"{int((first != proposal).sum()):,} pixels differ")
    page.keyboard.press("y")
    expect(dialog).to_have_count(0)
    np.testing.assert_array_equal(review.mask(), first)
