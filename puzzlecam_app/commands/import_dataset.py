"""`dataset import` registers a dataset on disk in the database."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puzzlecam_app.commands.options import Zero
from puzzlecam_app.commands.printing import (
    print_json,
    print_problems,
    print_readings,
    print_table,
    progress_bar,
)
from puzzlecam_app.commands.studio import Studio, studio_command

if TYPE_CHECKING:
    from puzzlecam_app.interchange.dry_run import CheckReport
    from puzzlecam_app.interchange.importing import ImportOptions
    from puzzlecam_app.interchange.parallel import Progress
    from puzzlecam_app.interchange.reports import ImportReport
    from puzzlecam_app.interchange.source import Source


class MaskUse(StrEnum):
    """What the masks of a dataset become."""

    PROPOSALS = "proposals"
    GROUND_TRUTH = "ground-truth"
    ACCEPTED = "accepted"


class Mask255(StrEnum):
    """What index 255 means in masks."""

    VOID = "void"
    CLASS = "class"


@studio_command(has_json=True)
def import_(
    studio: Studio,
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="Folder of the dataset, or its URL, such as s3://photos/cats."),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the dataset in the studio.")],
    format: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Format of the dataset: auto recognises it by its files; docs/formats.md lists all.",
        ),
    ] = "auto",
    tags: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV (image,tags) or JSON with the tags; takes precedence over those of the layout.",
        ),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Class file, or voc for the twenty of PASCAL VOC.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="VOC: import only this split. Folder: split of the pictures that have none."
        ),
    ] = None,
    masks: Annotated[
        MaskUse | None,
        typer.Option(
            help="Import the masks too: as proposals, as ground truth to measure against, "
            "or as accepted work."
        ),
    ] = None,
    mask_255: Annotated[
        Mask255,
        typer.Option("--mask-255", help="What 255 means in masks of a single class: void, or the class."),
    ] = Mask255.VOID,
    zero: Annotated[
        Zero,
        typer.Option(
            help="What 0 means in masks of indices: background, void, or the first class of the list."
        ),
    ] = Zero.BACKGROUND,
    tags_from_masks: Annotated[
        bool,
        typer.Option(
            "--tags-from-masks", help="Take the tags from the classes in the masks, not from a list."
        ),
    ] = False,
    copy: Annotated[
        bool,
        typer.Option(
            "--copy", help="Copy the pictures into the workspace; by default they stay where they are."
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Store nothing; print what would come in, and what would be lost."),
    ] = False,
    follow_links: Annotated[
        bool,
        typer.Option(
            "--follow-links",
            help="Read files outside of the folder that links in it lead to; the dataset remembers this. "
            "Everybody who uses the studio can then see these files.",
        ),
    ] = False,
) -> None:
    """Import a dataset, or update one that was imported before.

    Every file is checked. A bad one is listed and left out; it never stops the import. Exits with 1 if
    something was left out: a picture, a mask or a tag.

    \b
    Examples:
      puzzlecam dataset import ~/VOC2012 --name voc --split train --masks ground-truth
      puzzlecam dataset import ~/pets --name pets --tags ~/pets/tags.csv --copy
      puzzlecam dataset import ~/coco --name coco --check
      puzzlecam dataset import s3://photos/cats --name cats
    """
    from puzzlecam_app.interchange.importing import ImportOptions, import_source, read_for
    from puzzlecam_app.interchange.read_options import ReadOptions
    from puzzlecam_app.storage.urls import place_named

    with studio.open() as services, progress_bar("Checking pictures") as progress:
        reading = ReadOptions(format, tags, classes, split, tags_from_masks, follow_links, zero.value)
        options = ImportOptions(
            masks.value if masks else None,
            copy,
            services.settings.max_image_pixels,
            mask_255 is Mask255.CLASS,
        )
        source = read_for(services.stores, place_named(path), name, reading)
        if check:
            _check(studio, source, options, progress)
            return
        report = import_source(
            services.stores, source, name, origin=source.place, options=options, progress=progress
        )
    if studio.as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print_import(report)
        print_readings(report.words, services.tag_reader.hint)
    if not report.is_complete:
        raise typer.Exit(1)


def _check(studio: Studio, source: Source, options: ImportOptions, progress: Progress) -> None:
    from puzzlecam_app.interchange.dry_run import check_source

    report = check_source(source, options, progress=progress)
    if studio.as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print_check(report)
    if not report.is_complete:
        raise typer.Exit(1)


def _print_check(report: CheckReport) -> None:
    typer.echo(f"Read as {report.layout}: {report.recognised}. Nothing was stored.")
    typer.echo(
        f"{report.usable} of {report.found} pictures and {report.masks_usable} of {report.masks_found} masks "
        f"can be imported, with {report.objects} objects."
    )
    splits = ", ".join(f"{count} {split}" for split, count in sorted(report.splits.items()))
    typer.echo(f"Splits: {splits or '-'}")
    print_table(
        ("INDEX", "CLASS", "COLOR", "ID", "TAGGED", "IN MASKS"),
        [
            (
                one.index,
                one.name,
                one.color,
                "-" if one.source_id is None else one.source_id,
                one.tagged,
                one.in_masks,
            )
            for one in report.classes
        ],
    )
    print_problems(report.problems)


def _print_import(report: ImportReport) -> None:
    typer.echo(f"Read as {report.layout}: {report.recognised}.")
    typer.echo(
        f"{report.dataset}: {report.found} pictures found, {report.added} added, {report.changed} changed, "
        f"{report.unchanged} unchanged, {report.left_out} left out."
    )
    if report.renamed or report.missing:
        typer.echo(f"Known pictures: {report.renamed} renamed, {report.missing} missing.")
    if report.proposals or report.ground_truth or report.accepted:
        typer.echo(
            f"Masks: {report.proposals} as proposals, {report.ground_truth} as ground truth, "
            f"{report.accepted} as accepted work."
        )
    if report.masks_unread:
        typer.echo(f"Masks: {report.masks_unread} in the folder were not imported; --masks imports them.")
    if report.problems:
        typer.echo(f"Problems: {report.problem_counts}.")
    print_problems(report.problems)
