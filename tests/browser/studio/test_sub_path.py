"""The studio below a sub-path of its host, as behind a proxy: nothing leads out of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Review, Studio

ROOT = "/studio"
KEY = "open sesame"


@pytest.fixture
def below(tmp_path: Path) -> Iterator[Studio]:
    """A studio in a sub-path that asks for the access key."""
    studio = Studio(
        tmp_path / "workspace",
        root_path=ROOT,
        environment={"PUZZLECAM_ACCESS_KEY": KEY, "PUZZLECAM_WORKER": "false"},
    )
    studio.start()
    yield studio
    studio.kill()


def test_the_whole_studio_works_below_a_sub_path(page: Page, below: Studio, pictures: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def at(path: str) -> re.Pattern[str]:
        return re.compile(re.escape(f"{below.url}{path}") + r"(\?.*)?$")

    page.goto(below.url)  # without the slash at its end
    expect(page).to_have_url(at("/login"))
    page.get_by_label("Access key").fill(KEY)
    page.get_by_role("button", name="Enter").click()
    expect(page).to_have_url(at("/"))

    page.get_by_role("link", name="Datasets").click()
    expect(page).to_have_url(at("/datasets"))
    page.locator("#import-path textarea").fill(str(pictures))
    page.locator("#import-name textarea").fill("below")
    page.locator("#import-tags textarea").fill(str(pictures / "tags.csv"))
    page.locator("#import-start").click()  # through Gradio's queue
    expect(page.locator("#import-report")).to_contain_text("3 added")
    page.locator("#import-review").click()
    expect(page).to_have_url(at("/"))

    review = Review(page, below)
    review.open("below", "landscape")
    page.keyboard.press("1")
    page.keyboard.press("b")
    review.drag((20, 20), (120, 30))
    painted = review.mask()
    review.wait_saved()
    page.reload()
    review.wait_for("landscape")
    np.testing.assert_array_equal(review.mask(), painted)

    page.get_by_role("link", name="Lab").click()
    expect(page).to_have_url(at("/lab"))
    page.wait_for_function("window.puzzlecamLab?.picture?.maskSteps")
    to_review = page.get_by_role("link", name=re.compile("Review", re.IGNORECASE)).last
    assert (to_review.get_attribute("href") or "").startswith(f"{ROOT}/?dataset=")
    page.get_by_role("link", name="Runs").click()
    expect(page).to_have_url(at("/runs"))
    expect(page.locator(".rn-main")).to_be_visible()
    page.get_by_role("link", name="Export").click()
    expect(page).to_have_url(at("/export"))
    expect(page.locator("#export-start")).to_be_visible()

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(at("/login"))

    stored = page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    assert set(stored) <= {f"puzzlecam {ROOT}"}
    paths = {urlsplit(url).path for url in asked if url.startswith("http")}
    assert {path for path in paths if path != ROOT and not path.startswith(f"{ROOT}/")} == set()
