"""launch.py: one sentence for whatever a person can put right, and an exit code for scripts."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bootstrap.diagnosis import SetupError

ROOT = Path(__file__).resolve().parent.parent
LAUNCH = ROOT / "launch.py"


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """launch.py as a module, on a machine where everything is installed and Chromium is found."""
    spec = importlib.util.spec_from_file_location("launch", LAUNCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "set_up", lambda venv, extras, retry_crf=False: None)
    monkeypatch.setattr(module, "install_javascript_tools", lambda venv: True)
    monkeypatch.setattr(module, "find_chromium", lambda: "/usr/bin/chromium")
    for variable in ("PUZZLECAM_CHROMIUM", "PUZZLECAM_PROGRAM"):
        monkeypatch.setenv(variable, "")
    return module


@pytest.fixture
def handed_over(launch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The arguments that were handed to the Python of the environment."""
    calls: list[tuple[str, ...]] = []

    def record(venv: object, *arguments: str) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(launch, "hand_over", record)
    return calls


def run_as_python(version: str, *names_on_path: str) -> subprocess.CompletedProcess[str]:
    """Run launch.py in an interpreter that says it is `version` and finds only `names_on_path`."""
    pretend = (
        "import runpy, shutil, sys\n"
        f"sys.version_info = {tuple(int(part) for part in version.split('.'))!r}\n"
        f"shutil.which = lambda name: name if name in {names_on_path!r} else None\n"
        f"runpy.run_path({str(LAUNCH)!r}, run_name='__main__')\n"
    )
    return subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)


def test_an_old_python_can_read_the_file() -> None:
    ast.parse(LAUNCH.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_what_is_needed_in_one_sentence() -> None:
    answer = run_as_python("3.8.1")

    assert answer.returncode == 1
    assert answer.stderr.startswith("Python 3.11 or newer is needed, but this is 3.8: install it")
    assert answer.stderr.count("\n") == 1


def test_an_old_python_beside_a_new_one_names_the_new_one() -> None:
    assert "run `python3.12 launch.py`" in run_as_python("3.9.2", "python3.12").stderr


def test_set_up_and_hand_over_import_nothing_but_the_standard_library() -> None:
    files = [LAUNCH, ROOT / "puzzlecam_app" / "chromium.py", *(ROOT / "bootstrap").glob("*.py")]
    own = {"bootstrap", "puzzlecam_app"}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.partition(".")[0] in sys.stdlib_module_names | own, f"{file.name} imports {name}"
                if name.startswith("puzzlecam_app"):
                    assert name == "puzzlecam_app.chromium", f"{file.name} imports {name}"


def test_arguments_go_to_the_command_line_of_the_studio(
    launch: ModuleType, handed_over: list[tuple[str, ...]]
) -> None:
    assert launch.main(["dataset", "list"]) == 0
    assert launch.main([]) == 0

    assert handed_over == [("-m", "puzzlecam_app", "dataset", "list"), ("-m", "puzzlecam_app")]
    assert os.environ["PUZZLECAM_PROGRAM"] == "launch.py"


def test_setup_tries_the_optional_parts_again_and_prepares_the_workspace(
    launch: ModuleType, handed_over: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    retried = []
    monkeypatch.setattr(launch, "set_up", lambda venv, extras, retry_crf: retried.append(retry_crf))

    launch.main(["setup", "--workspace", "studies"])
    launch.main(["app"])

    assert retried == [True, False]
    assert handed_over[0] == ("-m", "puzzlecam_app", "setup", "--workspace", "studies")


def test_test_installs_what_tests_need_and_runs_pytest_in_the_project(
    launch: ModuleType,
    handed_over: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    installed: list[set[str] | str] = []
    monkeypatch.setattr(launch, "set_up", lambda venv, extras: installed.append(extras))
    monkeypatch.setattr(launch, "install_javascript_tools", lambda venv: installed.append("javascript tools"))
    monkeypatch.chdir(tmp_path)

    assert launch.main(["test", "-k", "crf"]) == 0

    assert installed == [{"dev", "postgresql"}, "javascript tools"]
    assert handed_over == [("-m", "pytest", "-k", "crf")]
    assert os.environ["PUZZLECAM_CHROMIUM"] == "/usr/bin/chromium"
    assert Path.cwd() == ROOT


def test_test_installs_a_chromium_where_there_is_none(
    launch: ModuleType, handed_over: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launch, "find_chromium", lambda: None)
    monkeypatch.setattr(launch, "install_chromium", lambda venv: "/playwright/chrome")

    launch.main(["test", "tests/browser"])

    assert os.environ["PUZZLECAM_CHROMIUM"] == "/playwright/chrome"


@pytest.mark.parametrize(("cores", "processes"), [(None, 2), (1, 2), (2, 2), (3, 3), (64, 4)])
def test_all_tests_run_in_as_many_processes_as_there_are_cores_but_in_two_at_least(
    launch: ModuleType,
    handed_over: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cores: int | None,
    processes: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launch.os, "cpu_count", lambda: cores)

    launch.main(["test"])

    assert handed_over == [
        ("-m", "pytest", "-n", str(processes), "--dist=loadscope", "--no-loadscope-reorder")
    ]


def test_what_a_person_can_put_right_is_one_sentence_and_exit_code_1(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SetupError("The disk is full: free 8 GB and start again.")

    monkeypatch.setattr(launch, "set_up", fail)

    assert launch.main([]) == 1
    assert capsys.readouterr().err == "The disk is full: free 8 GB and start again.\n"


def test_an_error_of_the_system_is_explained_too(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", ".venv")

    monkeypatch.setattr(launch, "set_up", fail)

    assert launch.main([]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_ctrl_c_ends_without_a_trace(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, "set_up", interrupt)

    assert launch.main([]) == 130
    assert capsys.readouterr().err.strip() == "Stopped; start again to continue."


def test_help_installs_nothing_on_a_fresh_machine(
    launch: ModuleType,
    handed_over: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(launch, "read_stamp", lambda venv: None)

    assert launch.main(["--help"]) == 0

    assert "python3 launch.py test" in capsys.readouterr().out
    assert handed_over == []


@pytest.mark.skipif(os.name == "nt", reason="processes are not replaced on Windows")
def test_a_folder_named_like_a_package_of_ours_does_not_hide_it(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[list[str]] = []
    monkeypatch.setattr(launch.os, "execv", lambda path, command: replaced.append(command))
    monkeypatch.setattr(launch.subprocess, "Popen", lambda command: pytest.fail("a child was started"))
    venv = launch.VirtualEnv(ROOT)

    with pytest.raises(pytest.fail.Exception):  # execv does not come back in reality
        launch.hand_over(venv, "-m", "puzzlecam_app")

    assert replaced == [[str(venv.python), "-P", "-m", "puzzlecam_app"]]
