"""The Smart tool with the real engine: click, look, accept, and the same mask again from the clicks."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Request, Route, expect

from puzzlecam_app.items import read_item
from puzzlecam_app.services import open_services
from puzzlecam_app.settings import Settings
from puzzlecam_app.smart.steps import Step
from tests.browser.studio.conftest import Review, Studio


def test_clicks_right_a_mask_and_make_it_again(review: Review, studio: Studio, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    proposal = review.mask()
    page.keyboard.press("k")
    pending = page.locator(".pz-stage.pz-pending")
    page.keyboard.down("Shift")
    page.mouse.click(*review.to_screen(330, 60))
    page.keyboard.up("Shift")
    expect(pending).to_be_visible()
    np.testing.assert_array_equal(review.mask(), proposal)

    page.mouse.click(*review.to_screen(20, 20))
    page.wait_for_function("() => !puzzlecamReview.editor.isRefining")
    page.keyboard.press("Enter")
    clicked = review.mask()
    assert (clicked[60, 330], clicked[20, 20]) == (0, 1)

    page.keyboard.press("Control+z")
    assert review.mask()[60, 330] == 0
    page.keyboard.press("Control+y")
    np.testing.assert_array_equal(review.mask(), clicked)
    item_id = page.evaluate("puzzlecamReview.current.item.id")
    review.accept("portrait")
    row = page.locator(".pr-queue-item", has_text="landscape").locator(".pr-status")
    expect(row).to_have_attribute("data-status", "corrected")  # the studio has answered

    entries = page.evaluate("id => fetch(`/api/items/${id}/revisions`).then((one) => one.json())", item_id)
    steps = [step for entry in entries for step in entry["seeds"]]
    assert [len(step["seeds"]) for step in steps] == [1, 2]
    assert re.match(r"\d{4}-\d\d-\d\dT", steps[-1]["seeds"][-1]["at"])
    with open_services(Settings(workspace=studio.workspace, open_browser=False)) as services:
        with services.database.read() as session:
            item = read_item(session, item_id)
        replayed = services.smart.replay(item, Step.model_validate(steps[-1]))
    np.testing.assert_array_equal(replayed, clicked)


def test_a_save_makes_way_for_an_awaited_answer_but_not_for_long(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.keyboard.press("k")
    page.mouse.click(*review.to_screen(20, 20))
    expect(page.locator(".pz-stage.pz-pending")).to_be_visible()
    saves: list[str] = []
    held: list[Route] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            saves.append(request.url)

    def hold(route: Route) -> None:
        held.append(route)

    page.on("request", note)
    page.route("**/api/items/*/refine", hold)
    page.mouse.click(*review.to_screen(330, 60))  # takes the first change
    page.wait_for_timeout(1500)  # three times the pause that a save waits for
    assert len(held) == 1
    assert saves == []

    review.wait_saved()
    assert len(saves) == 1
    assert page.evaluate("puzzlecamReview.editor.isRefining")
    held[0].continue_()
    page.wait_for_function("() => !puzzlecamReview.editor.isRefining")


def test_without_the_studio_the_tool_says_so_and_does_nothing(review: Review, dataset: str) -> None:
    page = review.page
    review.open(dataset, "landscape")
    before = review.mask()
    page.keyboard.press("k")
    page.context.set_offline(True)
    page.mouse.click(*review.to_screen(330, 60))
    expect(page.locator(".pr-saying")).to_contain_text("does not answer")
    page.context.set_offline(False)
    np.testing.assert_array_equal(review.mask(), before)
