"""The command line as a whole: exit codes, sentences instead of stacks, a quick start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import InvalidInputError, NotFoundError
from puzzlecam_app import cli
from puzzlecam_app.cli import main, name_command
from puzzlecam_app.errors import UserError


@pytest.fixture
def serve_raising(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What starting the studio raises: the exception that a test puts in."""
    raised: list[Exception] = []

    def serve(*_: object, **__: object) -> None:
        raise raised[0]

    monkeypatch.setattr("puzzlecam_app.server.serve", serve)
    return raised


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], ["app"]),
        (["--port", "9000"], ["app", "--port", "9000"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["dataset", "list"], ["dataset", "list"]),
    ],
)
def test_without_a_command_the_studio_is_started(arguments: list[str], named: list[str]) -> None:
    assert name_command(arguments) == named


def test_options_of_the_app_arrive_as_settings(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    monkeypatch.setattr("puzzlecam_app.server.serve", lambda settings, say: served.append(settings))

    assert main(["--host", "0.0.0.0", "--port", "9000", "--no-browser"]) == 0

    (settings,) = served
    assert (settings.host, settings.port, settings.open_browser) == ("0.0.0.0", 9000, False)
    assert settings.workspace == workspace


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("no port is free", remedy="Name another"), 1),
        (NotFoundError("There is no dataset 'x'."), 1),
        (InvalidInputError("There is no such database."), 2),
    ],
)
def test_errors_for_people_are_printed_without_a_stack(
    serve_raising: list[Exception], capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    serve_raising.append(error)

    assert main(["app"]) == code

    assert capsys.readouterr().err.splitlines()[-1] == str(error)


def test_an_unexpected_error_is_a_sentence_and_a_file_with_the_stack(
    serve_raising: list[Exception], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_raising.append(ZeroDivisionError("division by zero"))

    assert main(["app"]) == 1

    screen = capsys.readouterr().err
    (log,) = (workspace / "logs").iterdir()
    assert str(log) in screen
    assert "Traceback" not in screen
    assert "Traceback" in log.read_text()


def test_an_unexpected_error_in_a_workspace_that_cannot_be_written_is_kept_elsewhere(
    serve_raising: list[Exception],
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    serve_raising.append(ZeroDivisionError("division by zero"))
    workspace.touch()
    monkeypatch.setattr(cli.tempfile, "gettempdir", lambda: str(tmp_path))

    assert main(["app"]) == 1

    (log,) = tmp_path.glob("puzzlecam-error-*.log")
    assert str(log) in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["dataset", "import"],
        ["dataset", "import", ".", "--name", "x", "--format", "jpeg"],
        ["export", "x", "--out", "y", "--status", "perfect"],
        ["propose", "x", "--limit", "0"],
        ["app", "--port", "70000"],
        ["dataset", "list", "--database-url", "nonsense:"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_wrong_use_exits_with_2(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_interrupting_is_quiet(
    serve_raising: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    serve_raising.append(KeyboardInterrupt())

    assert main(["app"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    ["app", "setup", "propose", "export", "doctor", "dataset import", "dataset list", "dataset show"],
)
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0

    assert f"puzzlecam {command.removeprefix('app')}".strip() in capsys.readouterr().out.split("Examples:")[1]


def test_help_follows_the_name_the_program_was_started_under(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUZZLECAM_PROGRAM", "launch.py")

    main(["--help"])

    assert capsys.readouterr().out.strip().startswith("Usage: launch.py ")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["dataset", "list"], ["propose", "--help"]], ids=lambda one: " ".join(one)
)
def test_quick_commands_import_neither_torch_nor_gradio(arguments: list[str]) -> None:
    program = (
        "import sys; from puzzlecam_app.cli import main; "
        f"code = main({arguments!r}); "
        "print('heavy:', sorted({'torch', 'gradio', 'timm', 'cv2', 'skimage'} & set(sys.modules))); "
        "sys.exit(code)"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "heavy: []"
