"""Installs a Chromium for the browser tests if the machine has none."""

from __future__ import annotations

import os
import shutil

from bootstrap.diagnosis import SetupError
from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv
from puzzlecam_app.chromium import HEADLESS_SHELL, find_chromium, starts

_PLAYWRIGHT_PATH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def install_chromium(venv: VirtualEnv) -> str:
    """Install a Chromium and return its path: Playwright's or, as root on Debian, the system's package.

    Raises:
        SetupError: Neither could be installed.
    """
    with Step("Installing Chromium for the browser tests") as step:
        venv.run([str(venv.python), "-m", "playwright", "install", "chromium"], step)
        # Playwright's Chromium does not start if system libraries are missing.
        path = venv.ask(_PLAYWRIGHT_PATH).stdout.strip()
        if path and starts(path):
            return path
        if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
            venv.run(["apt-get", "update"], step)
            for package in (HEADLESS_SHELL, "chromium"):
                venv.run(["apt-get", "install", "--yes", "--no-install-recommends", package], step)
                if packaged := find_chromium():
                    return packaged
        raise SetupError(
            "The browser tests need Chromium, and it could not be installed: install Chromium or Chrome, "
            "or set PUZZLECAM_CHROMIUM to the path of one, then start again."
        )
