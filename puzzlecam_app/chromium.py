"""Finds the Chromium that the browser tests drive.

Uses only the standard library, because `launch.py` imports it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

ENVIRONMENT_VARIABLE = "PUZZLECAM_CHROMIUM"

# The headless shell draws no window of its own: a page takes less than half the processor time.
HEADLESS_SHELL = "chromium-headless-shell"
_NAMES = (
    HEADLESS_SHELL,
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
)
_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)


class ChromiumError(Exception):
    """The Chromium that the environment names cannot be used."""


def starts(browser: str) -> bool:
    """Return whether `browser` is there and starts, as far as that can be told without opening a window."""
    if os.name == "nt":  # chrome.exe --version opens a window
        return Path(browser).exists()
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run([browser, "--version"], capture_output=True, timeout=60, check=False)  # noqa: S603
        return answer.returncode == 0
    return False


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine; the one that PUZZLECAM_CHROMIUM names takes precedence.

    Raises:
        ChromiumError: The one that PUZZLECAM_CHROMIUM names does not start.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        if starts(named):
            return named
        raise ChromiumError(
            f"{ENVIRONMENT_VARIABLE} names {named}, which does not start: change or unset it."
        )
    candidates = [shutil.which(name) for name in _NAMES] + [os.path.expandvars(path) for path in _PATHS]
    return next((path for path in candidates if path and starts(path)), None)
