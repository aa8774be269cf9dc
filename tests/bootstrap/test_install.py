from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bootstrap import install
from bootstrap.diagnosis import SetupError
from bootstrap.install import is_ready, read_stamp, set_up, stamp_path
from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv

PYPROJECT = """
[project]
dependencies = ["numpy"]
[project.optional-dependencies]
crf = ["pydensecrf2>=1.1"]
"""


@dataclass(frozen=True)
class RecordingVenv(VirtualEnv):
    """Records commands instead of running them; what contains a key of `failures` fails with its text."""

    commands: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def version(self) -> str | None:
        return self.made[-1] if self.made else None

    def make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.made.append("3.11")

    def run(self, command: Sequence[str], step: Step) -> tuple[int, str]:
        line = " ".join(command)
        self.commands.append(line)
        failure = next((text for key, text in self.failures.items() if key in line), None)
        return (0, "") if failure is None else (1, failure)

    def ask(self, code: str) -> subprocess.CompletedProcess[str]:
        if "version('opencv-python')" in code:
            return subprocess.CompletedProcess([], 0, "5.0.0.93\n", "")
        failure = self.failures.get(code)
        if failure is not None and not any("opencv-python-headless==" in line for line in self.commands):
            return subprocess.CompletedProcess([], 1, "", failure)
        return subprocess.CompletedProcess([], 0, "", "")


@pytest.fixture
def venv(tmp_path: Path) -> RecordingVenv:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "constraints.txt").write_text("numpy==2.4.6\n")
    return RecordingVenv(tmp_path)


def installs(venv: RecordingVenv) -> list[str]:
    return [line for line in venv.commands if " install " in line]


def test_a_first_start_makes_the_environment_and_installs_within_the_constraints(venv: RecordingVenv) -> None:
    set_up(venv, set())

    packages, crf = installs(venv)
    assert packages.endswith("--editable .")
    assert crf.endswith("pydensecrf2>=1.1")
    assert all(f"--constraint {venv.root / 'constraints.txt'}" in line for line in installs(venv))
    assert is_ready(venv, set())


def test_a_second_start_installs_nothing(venv: RecordingVenv) -> None:
    set_up(venv, set())
    venv.commands.clear()

    set_up(venv, set())

    assert venv.commands == []


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed_at_the_next_start(venv: RecordingVenv, changed: str) -> None:
    set_up(venv, set())
    venv.commands.clear()
    with (venv.root / changed).open("a") as file:
        file.write("\n# changed\n")

    set_up(venv, set())

    assert installs(venv)


def test_another_python_in_the_environment_installs_anew(venv: RecordingVenv) -> None:
    set_up(venv, set())
    venv.made.append("3.12")

    assert not is_ready(venv, set())


def test_extras_are_added_and_kept(venv: RecordingVenv) -> None:
    set_up(venv, set())
    set_up(venv, {"dev"})
    with (venv.root / "constraints.txt").open("a") as file:
        file.write("\n")
    venv.commands.clear()

    set_up(venv, set())

    assert installs(venv)[0].endswith("--editable .[dev]")


def test_an_interrupted_set_up_is_not_taken_for_a_finished_one(venv: RecordingVenv) -> None:
    set_up(venv, set())
    venv.failures["--editable"] = "[Errno 28] No space left on device"

    with pytest.raises(SetupError, match="disk is full"):
        set_up(venv, {"dev"})

    assert read_stamp(venv) is None
    venv.failures.clear()
    set_up(venv, set())
    assert is_ready(venv, set())


def test_a_damaged_record_is_read_as_none(venv: RecordingVenv) -> None:
    set_up(venv, set())
    stamp_path(venv).write_text('{"fingerpr')

    assert not is_ready(venv, set())


def test_without_a_compiler_the_set_up_succeeds_and_records_why_there_is_no_crf(
    venv: RecordingVenv, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.failures["pydensecrf2"] = "fatal error: Python.h: No such file"
    venv.failures["import pydensecrf.densecrf"] = "ModuleNotFoundError"

    set_up(venv, set())

    stamp = read_stamp(venv)
    assert stamp is not None
    assert not stamp["crf"]["installed"]
    assert "headers of Python" in stamp["crf"]["reason"]
    assert "dense CRF is off" in capsys.readouterr().out


def test_setup_tries_a_missing_crf_again_but_a_start_does_not(venv: RecordingVenv) -> None:
    venv.failures["import pydensecrf.densecrf"] = "ModuleNotFoundError"
    set_up(venv, set())
    venv.commands.clear()

    set_up(venv, set())
    assert venv.commands == []

    venv.failures.clear()
    set_up(venv, set(), retry_crf=True)
    stamp = read_stamp(venv)
    assert stamp is not None
    assert stamp["crf"]["installed"]


def test_opencv_is_swapped_for_its_headless_build_where_display_libraries_are_missing(
    venv: RecordingVenv, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.failures["import cv2"] = "ImportError: libGL.so.1: cannot open shared object file: No such file"

    set_up(venv, set())

    assert any("uninstall --yes opencv-python opencv-python-headless" in line for line in venv.commands)
    assert any("--no-deps opencv-python-headless==5.0.0.93" in line for line in venv.commands)
    assert "libGL.so.1" in capsys.readouterr().out


def test_an_opencv_that_fails_otherwise_stops_with_its_reason(venv: RecordingVenv) -> None:
    venv.failures["import cv2"] = "Traceback ...\nImportError: numpy is too old"

    with pytest.raises(SetupError, match="numpy is too old"):
        set_up(venv, set())


def test_a_full_disk_is_refused_before_anything_is_made(
    venv: RecordingVenv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 10**9))

    with pytest.raises(SetupError, match=r"disk is nearly full: 1\.0 GB"):
        set_up(venv, set())

    assert not venv.folder.exists()


def test_a_disk_that_may_not_do_is_warned_of(
    venv: RecordingVenv, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        install.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, int(2.5e9))
    )

    set_up(venv, set())

    assert "Only 2.5 GB are free" in capsys.readouterr().out
