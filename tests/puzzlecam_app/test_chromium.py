from __future__ import annotations

import os
from pathlib import Path

import pytest

from puzzlecam_app import chromium
from puzzlecam_app.chromium import ChromiumError, find_chromium

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake browser is a shell script")


def make_browser(path: Path, exit_code: int = 0) -> Path:
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any browser; what lies in `tmp_path` is on the PATH."""
    monkeypatch.delenv(chromium.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr(chromium, "_PATHS", ())
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/nowhere")
    monkeypatch.setattr(chromium, "_NAMES", ("chromium-of-this-test", "chrome-of-this-test"))


def test_without_a_browser_none_is_found() -> None:
    assert find_chromium() is None


def test_the_one_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_browser(tmp_path / "chromium-of-this-test")
    named = make_browser(tmp_path / "mine")
    monkeypatch.setenv(chromium.ENVIRONMENT_VARIABLE, str(named))

    assert find_chromium() == str(named)


def test_one_that_is_named_and_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.ENVIRONMENT_VARIABLE, "/no/such/browser")

    with pytest.raises(ChromiumError, match="/no/such/browser"):
        find_chromium()


def test_one_on_the_path_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    """As the placeholders of some distributions, which only say how to install the real one."""
    make_browser(tmp_path / "chromium-of-this-test", exit_code=1)
    works = make_browser(tmp_path / "chrome-of-this-test")

    assert find_chromium() == str(works)
