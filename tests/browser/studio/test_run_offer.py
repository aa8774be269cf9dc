"""Enough masks were accepted: the Runs page offers a run, and one click fills the form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Studio

pytestmark = pytest.mark.slow


@pytest.fixture
def eager_studio(tmp_path: Path, pictures: Path) -> Iterator[Studio]:
    """A studio that offers a run after the first mask, and starts none by itself."""
    studio = Studio(tmp_path / "workspace")
    with mock.patch.dict(os.environ, {"PUZZLECAM_OFFER_RUN_AFTER": "1", "PUZZLECAM_WORKER": "false"}):
        studio.import_folder(pictures, "first")
        studio.import_folder(pictures, "other")
        studio.start()
    yield studio
    studio.kill()


def accept(page: Page, studio: Studio, item: int) -> None:
    """What the key A does, without waiting for a picture to be painted."""
    shown = page.request.get(f"{studio.url}/api/items/{item}/mask", timeout=240_000)
    headers = {"If-Match": shown.headers["etag"]}
    answer = page.request.post(
        f"{studio.url}/api/items/{item}/decision", data={"action": "accept"}, headers=headers
    )
    assert answer.ok, answer.text()


def item_of(page: Page, studio: Studio, dataset: int, number: int) -> int:
    rows = page.request.get(f"{studio.url}/api/datasets/{dataset}/items").json()["items"]
    return int(rows[number]["id"])


def test_a_run_is_offered_and_one_click_fills_the_form(page: Page, eager_studio: Studio) -> None:
    studio = eager_studio
    page.goto(f"{studio.url}/runs?new")
    expect(page.get_by_label("Recipe")).to_be_visible()
    expect(page.locator(".rn-offer")).to_have_count(0)
    accept(page, studio, item_of(page, studio, 2, 0))
    page.reload()
    offer = page.get_by_label("A run on other is suggested")
    expect(offer).to_contain_text("1 mask was accepted or corrected and no run has learned from them yet")
    expect(offer).to_contain_text("1 of 3 pictures with an accepted mask")
    expect(offer).to_contain_text("The gain is unknown")
    offer.get_by_role("button", name="Fill in the form").click()
    expect(page.get_by_label("Dataset")).to_have_value("2")
    expect(page.locator(".rn-supervision")).to_contain_text("Tags of 3 pictures; 1 accepted mask")
    page.get_by_label("Recipe").select_option("tiny")
    page.get_by_label("Name", exact=True).fill("taught")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator(".rn-row")).to_contain_text("taught")
    expect(page.locator(".rn-offer")).to_have_count(0)

    accept(page, studio, item_of(page, studio, 2, 1))
    page.reload()
    expect(offer).to_contain_text("1 mask was accepted or corrected since run 1")
    offer.get_by_role("button", name="Fill in the form").click()
    expect(page.get_by_role("heading", name="New run from run 1")).to_be_visible()
    expect(page.get_by_label("Dataset")).to_have_value("2")
    offer.get_by_role("button", name="Not now").click()
    expect(offer).to_have_count(0)
    page.reload()
    expect(page.locator(".rn-row")).to_contain_text("taught")
    expect(page.locator(".rn-offer")).to_have_count(0)
    accept(page, studio, item_of(page, studio, 2, 2))
    page.reload()
    expect(offer).to_contain_text("2 masks were accepted or corrected since run 1")
