"""`export` writes a snapshot of a dataset's masks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from puzzlecam_app.commands.options import NameArgument
from puzzlecam_app.commands.printing import print_json, print_problems, progress_bar
from puzzlecam_app.commands.studio import Studio, studio_command


class Format(StrEnum):
    """Layouts that can be written."""

    VOC = "voc"


class Include(StrEnum):
    """Pictures that can be exported, by the status of their mask."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    DRAFTED = "drafted"
    PROPOSED = "proposed"
    REJECTED = "rejected"


@studio_command(has_json=True)
def export(
    studio: Studio,
    name: NameArgument,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder to write: new, empty, or an earlier export to replace."),
    ],
    format: Annotated[Format, typer.Option(help="Layout to write.")] = Format.VOC,
    status: Annotated[
        list[Include] | None,
        typer.Option(
            help="Export pictures with this status (repeatable). Default: accepted, which includes corrected."
        ),
    ] = None,
    void_boundary: Annotated[
        int,
        typer.Option(
            metavar="PX", min=0, max=50, help="Width of the void band (255) on each side of class edges."
        ),
    ] = 0,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace an earlier export even if some pictures cannot be exported."),
    ] = False,
    copy: Annotated[
        bool,
        typer.Option("--copy", help="Copy the pictures; by default they are hard-linked where possible."),
    ] = False,
) -> None:
    """Export the masks of a dataset as VOC labels.

    An export is a snapshot: it contains nothing that people change while it is being written.

    \b
    Examples:
      puzzlecam export voc --format voc --out ~/voc-masks
      puzzlecam export voc --format voc --out ~/all --status accepted --status proposed --void-boundary 5
    """
    from db.status import STATUS_GROUPS
    from puzzlecam_app.interchange.export_voc import ExportOptions, export_voc

    wanted = {include.value for include in status or [Include.ACCEPTED]}
    if Include.ACCEPTED in wanted:
        wanted.update(STATUS_GROUPS["done"])
    write = {Format.VOC: export_voc}[format]
    with studio.open() as services, progress_bar("Exporting") as progress:
        report = write(
            services.database,
            services.masks,
            name,
            out,
            ExportOptions(
                sorted(wanted), void_boundary, not copy, services.settings.max_image_pixels, replace
            ),
            progress=progress,
        )
    if studio.as_json:
        print_json(report.model_dump(mode="json"))
    else:
        typer.echo(f"{report.exported} pictures exported to {report.voc_root}, {report.left_out} left out.")
        print_problems(report.problems)
    if report.left_out:
        raise typer.Exit(1)
