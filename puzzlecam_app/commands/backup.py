"""`backup` copies a workspace that is in use; `restore` makes a workspace from such a copy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puzzlecam_app.commands.studio import Studio, studio_command

if TYPE_CHECKING:
    from puzzlecam_app.backup import Report

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the backup.")]


@studio_command(has_json=True)
def backup(
    studio: Studio,
    folder: FolderArgument,
    runs: Annotated[bool, typer.Option("--runs/--no-runs", help="Whether to copy training runs.")] = True,
) -> None:
    """Copy the database, masks, pictures and runs of a workspace. The studio may go on running.

    Again into the same folder, it copies only what is new.

    \b
    Examples:
      puzzlecam backup /backup/puzzlecam
      puzzlecam backup /backup/puzzlecam --no-runs
    """
    settings = studio.settings()
    from puzzlecam_app.backup import back_up

    report = back_up(settings, folder, has_runs=runs)
    studio.report(asdict(report), f"The backup is in {folder}: {_counted(report)}.")


@studio_command(has_json=True)
def restore(studio: Studio, folder: FolderArgument) -> None:
    """Make a new workspace from a backup.

    \b
    Examples:
      puzzlecam restore /backup/puzzlecam --workspace ~/restored
    """
    settings = studio.settings()
    from puzzlecam_app.backup import restore as make_workspace

    report = make_workspace(settings, folder)
    studio.report(asdict(report), f"The workspace is in {settings.workspace}: {_counted(report)}.")


def _counted(report: Report) -> str:
    files = f"{report.copied:,} files copied ({report.bytes_copied / 1e6:,.1f} MB)"
    return f"{files}, {report.kept:,} were there already" if report.kept else files
