"""What the trainer's commands have in common: their options, and how they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

DatasetOption = Annotated[Path, typer.Option(help="Folder in VOC layout, or with tags.csv.")]
RecipeOption = Annotated[str, typer.Option(help="Name of a shipped recipe, or a .toml file.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Override, e.g. classify.epochs=3.")]
DeviceOption = Annotated[
    str | None, typer.Option(help="cpu, cuda or cuda:N; the best available one by default.")
]
ReuseOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Another run directory. Stages that it has finished with the same settings are not run again."
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Ray cluster that shares the work: auto, ray://HOST:10001 or HOST:6379. Needs the extra "
        "'cluster'.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def whole_number(text: str, example: str = "--seeds 0,1") -> int:
    """The number that a text stands for; `example` shows the option in the error."""
    try:
        return int(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a whole number; write for example {example}.") from error


def print_result(result: Any, as_json: bool, text: str) -> None:
    """Print a result as JSON, or else the text."""
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False) if as_json else text)
