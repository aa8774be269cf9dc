"""The command line: assembles the commands and turns errors into sentences and exit codes."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from puzzlecam_app.commands import app, backup, dataset, doctor, export, propose, run, user, worker
from puzzlecam_app.commands.printing import say
from puzzlecam_app.commands.studio import Invocation
from puzzlecam_app.errors import UserError
from trainer.cli import app as trainer_commands
from trainer.errors import TrainerError

PROGRAM_VARIABLE = "PUZZLECAM_PROGRAM"

# Without rich markup the help is plain text: it needs no import of rich and reads the same in a pipe.
commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, add_completion=False)
commands.command("app")(app.app)
commands.command("setup")(app.setup)
commands.add_typer(dataset.commands, name="dataset")
commands.command("propose")(propose.propose)
commands.command("export")(export.export)
commands.add_typer(run.commands, name="run")
commands.add_typer(user.commands, name="user")
commands.command("worker")(worker.worker)
commands.command("doctor")(doctor.doctor)
commands.command("backup")(backup.backup)
commands.command("restore")(backup.restore)
# The trainer's own commands, as `python -m trainer` has them.
commands.registered_commands += trainer_commands.registered_commands
commands.registered_groups += trainer_commands.registered_groups


def _show_version(is_asked: bool) -> None:
    if not is_asked:
        return
    try:
        typer.echo(version("puzzlecam-studio"))
    except PackageNotFoundError:
        typer.echo("not installed; running from a checkout")
    raise typer.Exit


@commands.callback()
def _studio(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn image tags into semantic-segmentation masks, in a browser.

    Without a command, the studio starts; app --help shows its options. In a checkout, use
    python3 launch.py instead of puzzlecam; python3 launch.py test runs the tests.

    \b
    Examples:
      puzzlecam
      puzzlecam --port 9000 --workspace ~/studies
      puzzlecam dataset import ~/VOC2012 --name voc --split train
      puzzlecam propose voc
      puzzlecam export voc --format voc --out ~/masks
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Those after the name of the program; `sys.argv` when omitted.

    Returns:
        The exit code: 0 good, 1 failed, 2 wrong use, 3 training stopped by a signal, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    invocation = Invocation()
    program = os.environ.get(PROGRAM_VARIABLE, "puzzlecam")
    try:
        typer.main.get_command(commands)(args=name_command(arguments), prog_name=program, obj=invocation)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does. Without this, Python reports an error at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _report(error, invocation)
    return 0


def name_command(arguments: list[str]) -> list[str]:
    """Put `app` in front of arguments that name no command.

    >>> name_command(["--port", "9000"])
    ['app', '--port', '9000']
    >>> name_command(["--help"])
    ['--help']
    """
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("--help", "--version")):
        return ["app", *arguments]
    return arguments


def _report(error: Exception, invocation: Invocation) -> int:
    """Print an error as a sentence; write the stack of an unexpected one to a file."""
    if isinstance(error, UserError | TrainerError):
        say(str(error))
        return error.exit_code
    from db.errors import InvalidInputError, StorageError

    if isinstance(error, StorageError):
        say(str(error))
        return 2 if isinstance(error, InvalidInputError) else 1
    log = _keep(error, invocation)
    say(f"Unexpected error ({type(error).__name__}): {error}")
    say(f"The details are in {log}; please report them.")
    return 1


def _keep(error: Exception, invocation: Invocation) -> Path:
    """Write the stack of `error` to the logs of the workspace, or to a temporary file where that fails."""
    name = f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    stack = "".join(traceback.format_exception(error))
    if invocation.settings is not None:
        path = invocation.settings.paths.logs_dir / name
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(stack, encoding="utf-8")
            return path
    path = Path(tempfile.gettempdir()) / f"puzzlecam-{name}"
    path.write_text(stack, encoding="utf-8")
    return path
