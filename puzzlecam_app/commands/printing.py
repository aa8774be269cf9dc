"""How commands print: reports to the standard output, everything else to the standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from puzzlecam_app.interchange.problems import Problem
    from puzzlecam_app.interchange.tag_readings import TagReading

PROBLEMS_SHOWN = 50


def print_json(report: Any) -> None:
    """Print `report` (plain values, paths and moments) as JSON on the standard output."""
    typer.echo(json.dumps(report, indent=2, ensure_ascii=False, default=_plain))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header in columns; a column of numbers is aligned to the right."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    is_number = [
        bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        for column in range(len(header))
    ]
    for row in cells:
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=True)
        )
        typer.echo("  ".join(padded).rstrip())


def say(message: str) -> None:
    """Tell the person at the terminal something that is not part of the report."""
    typer.echo(message, err=True)


def print_problems(problems: Sequence[Problem]) -> None:
    """Print the first problems, one a line, and how many more there are."""
    for problem in problems[:PROBLEMS_SHOWN]:
        typer.echo(f"{problem.severity:<7}  {problem.file}: {problem.reason} -> {problem.remedy}")
    if len(problems) > PROBLEMS_SHOWN:
        typer.echo(f"... and {len(problems) - PROBLEMS_SHOWN} more; --json lists all.")


def print_readings(readings: Sequence[TagReading], hint: str) -> None:
    """Print how the first tags were understood, one a line, and what finds the others if there are any.

    Args:
        readings: The tags of a dataset.
        hint: What to install so that unknown tags get suggestions; "" if it is installed.
    """
    if readings:
        typer.echo("Tags were understood as follows:")
    for reading in readings[:PROBLEMS_SHOWN]:
        typer.echo(f"  {reading.sentence}")
    if len(readings) > PROBLEMS_SHOWN:
        typer.echo(f"  ... and {len(readings) - PROBLEMS_SHOWN} more; --json lists all.")
    if any(reading.suggestion for reading in readings):
        typer.echo("To accept a suggestion: dataset words NAME --accept TAG")
    elif hint and not all(reading.imagenet_classes for reading in readings):
        say(hint)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on the standard error; yields what is called with (done, total)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True))
    task = progress.add_task(title)

    def show(done: int, total: int) -> None:
        # Started by the first file, so that an error before it is not preceded by an empty bar.
        progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        progress.stop()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
