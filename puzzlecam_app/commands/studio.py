"""The options that every command with a workspace shares, and the workspace that they name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import typer

from puzzlecam_app.commands.options import DatabaseUrlOption, JsonOption, WorkspaceOption
from puzzlecam_app.commands.printing import print_json
from puzzlecam_app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from puzzlecam_app.services import Services


@dataclass
class Invocation:
    """One run of the command line. `settings` is None until a command has read its options."""

    settings: Settings | None = None


@dataclass(frozen=True)
class Studio:
    """The workspace that a command works on, and how the command reports.

    `workspace` and `database_url` are None where the option was not given. `as_json` is False for commands
    without `--json`.
    """

    workspace: Path | None
    database_url: str | None
    as_json: bool
    invocation: Invocation = field(repr=False)

    def settings(self, **flags: Any) -> Settings:
        """Read the settings.

        Args:
            flags: Options of the command that are settings, by field name; None was not given.

        Raises:
            UsageError: A flag or an environment variable cannot be used.
        """
        settings = Settings.load(workspace=self.workspace, database_url=self.database_url, **flags)
        self.invocation.settings = settings
        return settings

    def open(self, **flags: Any) -> Services:
        """Open the workspace, to be used as a context manager. `flags` and errors are those of `settings`."""
        settings = self.settings(**flags)
        from puzzlecam_app.services import open_services

        return open_services(settings)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open the workspace for one consistent look at its database."""
        with self.open() as services, services.database.read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the workspace for one change of its database, undone when the block raises."""
        with self.open() as services, services.database.write() as session:
            yield session

    def report(self, facts: Any, sentence: str) -> None:
        """Print `facts` as JSON where that was asked for, else `sentence`."""
        if self.as_json:
            print_json(facts)
        else:
            typer.echo(sentence)


def studio_command(*, has_json: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a typer command of a function whose first parameter is a `Studio`.

    Its options are its own, followed by `--workspace`, `--database-url` and, with `has_json`, `--json`.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def command(
            context: typer.Context,
            workspace: Path | None,
            database_url: str | None,
            as_json: bool = False,
            **own: Any,
        ) -> None:
            function(Studio(workspace, database_url, as_json, context.ensure_object(Invocation)), **own)

        _, *own = inspect.signature(function).parameters.values()
        hints = get_type_hints(function, include_extras=True)
        parameters = [
            _parameter("context", typer.Context),
            *(_parameter(one.name, hints[one.name], one.default) for one in own),
            _parameter("workspace", WorkspaceOption, None),
            _parameter("database_url", DatabaseUrlOption, None),
        ]
        if has_json:
            parameters.append(_parameter("as_json", JsonOption, False))
        # What typer reads of a command.
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return command

    return decorate


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
