"""A real Chromium for every suite below this folder.

`PUZZLECAM_CHROMIUM` names the executable; without it the usual places are tried, then Playwright's own.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything below this folder carries the `browser` marker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_chromium(playwright: Playwright) -> str | None:
    """The executable to drive, or None where there is no Chromium on this machine."""
    named = os.environ.get("PUZZLECAM_CHROMIUM")
    candidates = [named] if named else [*map(shutil.which, NAMES), playwright.chromium.executable_path]
    return next((path for path in candidates if path and Path(path).is_file()), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the whole session; tests ask it for contexts or use `page`."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            pytest.skip("No Chromium: install one, or name it in PUZZLECAM_CHROMIUM.")
        try:
            chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        except Error as error:
            pytest.skip(f"Chromium at {executable} does not start: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh 1440 x 900 page. Its test fails if a script throws or the page policy blocks something."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.on(
        "console", lambda said: thrown.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield page
    context.close()
    assert thrown == [], f"the page threw: {thrown}"
