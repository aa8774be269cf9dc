"""Options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from puzzlecam_app.settings import Settings, environment_variable


def _help(field: str) -> str:
    return Settings.model_fields[field].description or ""


WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        envvar=environment_variable("workspace"),
        help=f"{_help('workspace')} Default: ~/puzzlecam.",
    ),
]
DatabaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar=environment_variable("database_url"),
        help=_help("database_url"),
    ),
]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="RUN_DIR", envvar=environment_variable("model"), help=_help("model")),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
RunArgument = Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the dataset.")]
