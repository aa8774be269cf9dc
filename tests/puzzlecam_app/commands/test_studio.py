"""The options that commands with a workspace share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from puzzlecam_app.commands.studio import Invocation, Studio, studio_command

Times = Annotated[int, typer.Option("--times")]


def options_of(command: typer.Typer) -> list[str]:
    return [name for parameter in typer.main.get_command(command).params for name in parameter.opts]


@pytest.mark.parametrize(
    ("has_json", "shared"),
    [(True, ["--workspace", "--database-url", "--json"]), (False, ["--workspace", "--database-url"])],
)
def test_the_shared_options_follow_those_of_the_command(has_json: bool, shared: list[str]) -> None:
    @studio_command(has_json=has_json)
    def count(_studio: Studio, times: Times = 1) -> None:
        typer.echo(str(times))

    command = typer.Typer(add_completion=False)
    command.command()(count)

    assert options_of(command) == ["--times", *shared]


def test_a_command_gets_its_own_options_and_the_workspace(tmp_path: Path) -> None:
    seen = []

    @studio_command(has_json=True)
    def count(studio: Studio, times: Times = 1) -> None:
        seen.append((studio.workspace, studio.as_json, times))

    command = typer.Typer(add_completion=False)
    command.command()(count)

    CliRunner().invoke(command, ["--workspace", str(tmp_path), "--json", "--times", "3"], obj=Invocation())

    assert seen == [(tmp_path, True, 3)]


def test_an_error_report_finds_the_workspace_once_the_settings_are_read(tmp_path: Path) -> None:
    invocation = Invocation()
    studio = Studio(tmp_path, None, as_json=False, invocation=invocation)

    settings = studio.settings()

    assert invocation.settings is settings
    assert settings.workspace == tmp_path
