from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from bootstrap.diagnosis import SetupError
from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv

POSIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="the fake interpreter is a shell script or a link")


@pytest.fixture
def venv(tmp_path: Path) -> VirtualEnv:
    return VirtualEnv(tmp_path)


@pytest.fixture
def venv_of_this_python(venv: VirtualEnv) -> VirtualEnv:
    """One whose interpreter is the one that runs the tests."""
    venv.python.parent.mkdir(parents=True)
    venv.python.symlink_to(sys.executable)
    return venv


def add_package(venv: VirtualEnv, name: str, *, is_whole: bool) -> Path:
    info = venv.folder / "lib" / "python3.11" / "site-packages" / f"{name}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").touch()
    if is_whole:
        (info / "RECORD").touch()
    return info


def test_a_missing_environment_has_no_version(venv: VirtualEnv) -> None:
    assert venv.version() is None


@POSIX_ONLY
def test_an_environment_without_pip_does_not_work(venv: VirtualEnv) -> None:
    venv.python.parent.mkdir(parents=True)
    venv.python.write_text("#!/bin/sh\nexit 1\n")
    venv.python.chmod(0o755)

    assert venv.version() is None


@pytest.mark.slow
def test_what_is_left_of_a_broken_environment_is_replaced(venv: VirtualEnv) -> None:
    leftover = add_package(venv, "half", is_whole=False)

    venv.make()

    assert venv.version() == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert not leftover.exists()


def test_a_python_that_cannot_make_environments_is_told_what_to_install(
    venv: VirtualEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(SetupError, match="python3-venv"):
        venv.make()


@POSIX_ONLY
def test_packages_cut_off_while_being_installed_are_forgotten(venv: VirtualEnv) -> None:
    whole = add_package(venv, "whole-1.0", is_whole=True)
    torn = add_package(venv, "torn-1.0", is_whole=False)
    half_removed = whole.with_name("~umpy")
    half_removed.mkdir()

    venv.discard_torn_packages()

    assert whole.exists()
    assert not torn.exists()
    assert not half_removed.exists()


@POSIX_ONLY
def test_output_and_exit_code_are_returned_and_logged(venv_of_this_python: VirtualEnv) -> None:
    venv = venv_of_this_python

    code, output = venv.run([str(venv.python), "-c", "print('hello'); exit(3)"], Step("x"))

    assert (code, output) == (3, "hello\n")
    assert "hello" in venv.log_path.read_text()


@POSIX_ONLY
def test_settings_that_would_install_elsewhere_do_not_reach_pip(
    venv_of_this_python: VirtualEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = venv_of_this_python
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    show = "import os; print(os.environ.get('PYTHONPATH'), os.environ['PIP_USER'])"

    _, output = venv.run([str(venv.python), "-c", show], Step("x"))

    assert output == "None 0\n"


@POSIX_ONLY
def test_an_interrupted_run_leaves_no_process_behind(venv_of_this_python: VirtualEnv) -> None:
    venv = venv_of_this_python

    class Interrupting(Step):
        def update(self, detail: str) -> None:
            raise KeyboardInterrupt

    show_pid = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        venv.run([str(venv.python), "-c", show_pid], Interrupting("x"))

    pid = int(venv.log_path.read_text().splitlines()[-1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
