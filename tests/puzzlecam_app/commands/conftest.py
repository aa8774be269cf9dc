"""Commands work in a workspace of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "workspace"
    monkeypatch.setenv("PUZZLECAM_WORKSPACE", str(folder))
    monkeypatch.delenv("PUZZLECAM_DATABASE_URL", raising=False)
    return folder
