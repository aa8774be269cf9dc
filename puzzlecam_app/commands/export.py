"""`export` writes a snapshot of a dataset's masks."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from puzzlecam_app.commands.options import NameArgument, Zero
from puzzlecam_app.commands.printing import print_json, print_problems, progress_bar
from puzzlecam_app.commands.studio import Studio, studio_command
from puzzlecam_app.errors import UsageError, UserError


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
        str,
        typer.Option(
            metavar="DIR",
            help="Folder to write: new, empty, or an earlier export to replace. Or a URL such as "
            "s3://exports/pets, where nothing lies yet.",
        ),
    ],
    format: Annotated[
        str,
        typer.Option(metavar="FORMAT", help="Format to write; docs/formats.md lists all."),
    ] = "voc",
    status: Annotated[
        list[Include] | None,
        typer.Option(
            help="Export pictures with this status (repeatable). Default: accepted, which includes corrected."
        ),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Export only pictures in this split (repeatable)."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="Export only pictures with one of these tags (repeatable)."),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW", help="Rename a class (repeatable); classes with the same new name become one."
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="Leave out a class (repeatable); its pixels become background."),
    ] = None,
    drop_to_void: Annotated[
        bool, typer.Option("--drop-to-void", help="Make pixels of classes that are left out void instead.")
    ] = False,
    first: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS", help="Give the lowest indices to these classes, in this order (repeatable)."
        ),
    ] = None,
    offset: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=253,
            help="Put N unused classes before the first, so that indices begin at N + 1.",
        ),
    ] = 0,
    zero: Annotated[
        Zero,
        typer.Option(
            help="mmseg, and train ids of cityscapes: what 0 means. With class, it is the first class."
        ),
    ] = Zero.BACKGROUND,
    polygons: Annotated[
        bool,
        typer.Option("--polygons", help="Write outlines instead of run lengths, in formats that have both."),
    ] = False,
    predictions: Annotated[
        bool,
        typer.Option("--predictions", help="Label Studio: write masks as predictions, not as annotations."),
    ] = False,
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
    no_pictures: Annotated[
        bool,
        typer.Option("--no-pictures", help="Export labels alone; they name the pictures of the dataset."),
    ] = False,
    zip: Annotated[bool, typer.Option("--zip", help="Also pack the export into one file, DIR.zip.")] = False,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="USER/NAME",
            help="hugging-face, parquet: then upload the export to this dataset of Hugging Face's hub, with "
            "the token in HF_TOKEN. A new one is private.",
        ),
    ] = None,
) -> None:
    """Export the masks of a dataset in a format that other programs read.

    An export is a snapshot: it contains nothing that people change while it is being written.

    \b
    Examples:
      puzzlecam export voc --format voc --out ~/voc-masks
      puzzlecam export voc --format voc --out ~/all --status accepted --status proposed --void-boundary 5
      puzzlecam export pets --format coco --out ~/pets-coco --rename kitten=cat --drop person
      puzzlecam export pets --format parquet --out ~/pets-hub --push ann/pets
      puzzlecam export pets --format coco --out s3://exports/pets
    """
    from db.status import STATUS_GROUPS
    from puzzlecam_app.interchange.class_changes import ClassChanges
    from puzzlecam_app.interchange.exporting import ExportOptions, export_dataset
    from puzzlecam_app.interchange.hub import check_push
    from puzzlecam_app.interchange.hub import push as push_export
    from puzzlecam_app.interchange.sent_export import check_destination, send_export
    from puzzlecam_app.storage.urls import StorageUrl, place_named

    place = place_named(out)
    if zip and isinstance(place, StorageUrl):
        raise UsageError(
            "a zip is packed beside a folder, not at a URL", where="--zip", remedy="Leave it out"
        )
    token = check_push(format, push) if push is not None else ""
    wanted = {include.value for include in status or [Include.ACCEPTED]}
    if Include.ACCEPTED in wanted:
        wanted.update(STATUS_GROUPS["done"])
    changes = ClassChanges(_renamed(rename or ()), drop or (), first or (), drop_to_void, offset)
    bucket = check_destination(place) if isinstance(place, StorageUrl) else None
    with studio.open() as services, progress_bar("Exporting") as progress:
        report = export_dataset(
            services.database,
            services.masks,
            name,
            services.exports.new_folder(name) if isinstance(place, StorageUrl) else place,
            ExportOptions(
                sorted(wanted),
                void_boundary,
                "none" if no_pictures else "copy" if copy else "link",
                services.settings.max_image_pixels,
                replace,
                split or (),
                tag or (),
                changes,
                polygons,
                zero.value,
                predictions,
            ),
            format=format,
            progress=progress,
        )
    pushed = None if push is None else push_export(Path(report.out), push, token)
    packed = _packed(Path(report.out)) if zip else None
    if bucket is not None:
        with progress_bar("Copying") as progress:
            report = send_export(report, bucket, progress)
    if studio.as_json:
        more = {"pushed": pushed, "zip": packed and str(packed)}
        given = {name: value for name, value in more.items() if value is not None}
        print_json(report.model_dump(mode="json") | given)
    else:
        typer.echo(f"{report.exported} pictures exported to {report.root}, {report.left_out} left out.")
        for sentence in report.lost:
            typer.echo(f"Not in the export: {sentence}.")
        if packed is not None:
            typer.echo(f"Packed into {packed}.")
        if pushed is not None:
            typer.echo(f"Pushed to {pushed}.")
        print_problems(report.problems)
    if report.left_out:
        raise typer.Exit(1)


def _packed(folder: Path) -> Path:
    """Pack an export; returns the zip, which lies beside it."""
    from puzzlecam_app.interchange.export_folder import created_at
    from puzzlecam_app.interchange.kept_exports import pack_zip

    path = folder.with_name(f"{folder.name}.zip")
    try:
        pack_zip(folder, path, created_at(folder))
    except OSError as problem:
        raise UserError(
            f"the export was written, but not packed ({problem.strerror})",
            where=str(path),
            remedy="Free some disk space and export again",
        ) from problem
    return path


def _renamed(pairs: Sequence[str]) -> dict[str, str]:
    """New names by old names, of texts like ``old=new``."""
    renamed = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} is no new name", where="--rename", remedy="Write OLD=NEW")
        renamed[old] = new
    return renamed
