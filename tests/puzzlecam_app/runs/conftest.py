"""Runs with a trainer that takes milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil
import pytest

from puzzlecam_app.services import Services
from tests.puzzlecam_app.runs.helpers import Runs


@pytest.fixture
def runs(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.delenv("FAKE_TRAINER", raising=False)
    made = Runs(services)
    yield made
    # Whatever a test did, no process of it is left.
    folder = str(services.workspace.runs_dir)
    for process in psutil.process_iter(["cmdline"]):
        if any(folder in part for part in process.info["cmdline"] or []):
            process.kill()


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Tell the fake trainer what to do."""
    return lambda words: monkeypatch.setenv("FAKE_TRAINER", words)
