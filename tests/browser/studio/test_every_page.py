"""What holds for every page of the studio."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Studio


@pytest.mark.parametrize("path", ["/", "/gallery", "/datasets", "/lab", "/runs", "/export"])
def test_a_page_loads_everything_from_the_studio_itself(page: Page, studio: Studio, path: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{studio.url}{path}")
    expect(page.locator(".gradio-container")).to_contain_text("Review")
    page.wait_for_load_state("load")
    foreign = [url for url in asked if not url.startswith((studio.url, "data:", "blob:"))]
    assert foreign == []
