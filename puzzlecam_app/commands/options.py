"""Options and arguments that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from puzzlecam_app.settings import Settings, environment_variable


class Zero(StrEnum):
    """What 0 means in masks of indices."""

    BACKGROUND = "background"
    VOID = "void"
    CLASS = "class"


def setting_option(field: str, metavar: str, *, name: str | None = None, default: str | None = None) -> Any:
    """The typer option of a setting, with its description and its environment variable.

    `name` is the option's own name where it is not that of the field; `default` is added to the help.
    """
    text = Settings.model_fields[field].description or ""
    return typer.Option(
        name or f"--{field.replace('_', '-')}",
        metavar=metavar,
        envvar=environment_variable(field),
        help=text if default is None else f"{text} Default: {default}.",
    )


WorkspaceOption = Annotated[Path | None, setting_option("workspace", "DIR", default="~/puzzlecam")]
DatabaseUrlOption = Annotated[str | None, setting_option("database_url", "URL")]
ModelOption = Annotated[Path | None, setting_option("model", "RUN_DIR")]
SourceOption = Annotated[str | None, setting_option("source", "NAME", default="imagenet")]
ClipWeightsOption = Annotated[Path | None, setting_option("clip_weights", "FILE")]
MinPieceShareOption = Annotated[float | None, setting_option("min_piece_share", "SHARE")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
RunArgument = Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the dataset.")]
