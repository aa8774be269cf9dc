"""A real Chromium for every suite below this folder.

`PUZZLECAM_CHROMIUM` names the executable; without it the usual places are tried, then Playwright's own.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, expect, sync_playwright

# Without helper threads of V8 a page takes a third less processor time.
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--js-flags=--single-threaded"]
# How long a test waits for anything. It is much, because what is slow on a busy machine is not wrong.
PATIENCE_MS = 180_000
NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

expect.set_options(timeout=PATIENCE_MS)


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
    """One headless Chromium for the whole session; tests ask it for contexts."""
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


def new_context(browser: Browser, width: int, height: int, **options: Any) -> BrowserContext:
    """A browser profile with a screen of that size."""
    # What moves while a page waits would take processor time from what it waits for.
    options = {"reduced_motion": "reduce", **options}
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(PATIENCE_MS)
    return context
