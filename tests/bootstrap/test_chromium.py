from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bootstrap import chromium
from bootstrap.chromium import install_chromium
from bootstrap.diagnosis import SetupError
from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv


@dataclass(frozen=True)
class RecordingVenv(VirtualEnv):
    """Records commands; Playwright says that its Chromium is at /playwright/chrome."""

    commands: list[str] = field(default_factory=list)

    def run(self, command: Sequence[str], step: Step) -> tuple[int, str]:
        self.commands.append(" ".join(command))
        return 0, ""

    def ask(self, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, "/playwright/chrome\n", "")


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordingVenv:
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: f"/usr/bin/{name}")
    return RecordingVenv(tmp_path)


def test_playwrights_chromium_is_taken_when_it_starts(
    venv: RecordingVenv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "starts", lambda browser: True)

    assert install_chromium(venv) == "/playwright/chrome"
    assert not any("apt-get" in line for line in venv.commands)


def test_on_debian_as_root_the_systems_package_is_the_next_try(
    venv: RecordingVenv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "starts", lambda browser: False)
    monkeypatch.setattr(chromium, "find_chromium", lambda: "/usr/bin/chromium-headless-shell")

    assert install_chromium(venv) == "/usr/bin/chromium-headless-shell"
    assert venv.commands[-1].startswith("apt-get install")
    assert venv.commands[-1].endswith(" chromium-headless-shell")


def test_a_system_without_the_headless_shell_gets_the_whole_chromium(
    venv: RecordingVenv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find() -> str | None:
        return "/usr/bin/chromium" if venv.commands[-1].endswith(" chromium") else None

    monkeypatch.setattr(chromium, "starts", lambda browser: False)
    monkeypatch.setattr(chromium, "find_chromium", find)

    assert install_chromium(venv) == "/usr/bin/chromium"


def test_other_users_are_told_to_install_one(venv: RecordingVenv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(chromium, "starts", lambda browser: False)

    with pytest.raises(SetupError, match="PUZZLECAM_CHROMIUM"):
        install_chromium(venv)
    assert not any("apt-get" in line for line in venv.commands)
