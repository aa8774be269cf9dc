from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bootstrap.javascript_tools import install_javascript_tools
from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv


@dataclass(frozen=True)
class RecordingVenv(VirtualEnv):
    """Records commands; npm makes its folder, or fails with the text in `failures`."""

    commands: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def run(self, command: Sequence[str], step: Step) -> tuple[int, str]:
        self.commands.append(" ".join(command))
        if self.failures:
            return 1, self.failures[0]
        (self.root / "node_modules").mkdir(exist_ok=True)
        return 0, ""


@pytest.fixture
def venv(tmp_path: Path) -> RecordingVenv:
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "package-lock.json").write_text("{}")
    return RecordingVenv(tmp_path)


def test_the_locked_versions_are_installed_without_running_their_scripts(venv: RecordingVenv) -> None:
    assert install_javascript_tools(venv)

    (command,) = venv.commands
    assert " ci --ignore-scripts" in command


def test_a_second_time_installs_nothing(venv: RecordingVenv) -> None:
    install_javascript_tools(venv)

    assert install_javascript_tools(venv)
    assert len(venv.commands) == 1


@pytest.mark.parametrize("changed", ["package.json", "package-lock.json"])
def test_other_versions_are_installed_at_the_next_start(venv: RecordingVenv, changed: str) -> None:
    install_javascript_tools(venv)
    (venv.root / changed).write_text('{"changed": true}')

    install_javascript_tools(venv)

    assert len(venv.commands) == 2


def test_a_failure_is_explained_and_tried_again(
    venv: RecordingVenv, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.failures.append("npm error code ENOTFOUND\nnpm error network no answer\n")

    assert not install_javascript_tools(venv)

    assert "npm failed (npm error code ENOTFOUND)" in capsys.readouterr().out
    venv.failures.clear()
    assert install_javascript_tools(venv)
