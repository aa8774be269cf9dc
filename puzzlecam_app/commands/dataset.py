"""`dataset` lists, shows, checks, relocates and removes datasets; others have their own files."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puzzlecam_app.commands.dataset_tags import tags
from puzzlecam_app.commands.dataset_words import words
from puzzlecam_app.commands.import_dataset import import_
from puzzlecam_app.commands.options import NameArgument
from puzzlecam_app.commands.printing import (
    PROBLEMS_SHOWN,
    print_json,
    print_problems,
    print_table,
    progress_bar,
)
from puzzlecam_app.commands.studio import Studio, studio_command

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.models import Dataset

commands = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Import, list, check, relocate and remove datasets."
)
commands.command("import")(import_)
commands.command("words")(words)
commands.command("tags")(tags)


@commands.command("list")
@studio_command(has_json=True)
def list_(studio: Studio) -> None:
    """List the datasets and their progress.

    \b
    Examples:
      puzzlecam dataset list
      puzzlecam dataset list --json
    """
    from db.datasets import list_datasets

    with studio.read() as session:
        datasets = [_summary(session, dataset) for dataset in list_datasets(session)]
    if studio.as_json:
        print_json(datasets)
    elif not datasets:
        typer.echo("There are no datasets; add one with: dataset import PATH --name NAME")
    else:
        columns = ("name", "pictures", "done", "root")
        print_table([name.upper() for name in columns], [[one[name] for name in columns] for one in datasets])


@commands.command()
@studio_command(has_json=True)
def show(studio: Studio, name: NameArgument) -> None:
    """Show a dataset: its classes, the status of its pictures, missing pictures, and the last import.

    \b
    Examples:
      puzzlecam dataset show voc
    """
    from db.datasets import require_dataset

    with studio.read() as session:
        facts = _facts(session, require_dataset(session, name))
    if studio.as_json:
        print_json(facts)
        return
    typer.echo(f"{facts['name']}: {facts['pictures']} pictures in {facts['root']} ({facts['layout']})")
    for title, counts in (("Status", facts["statuses"]), ("Split", facts["splits"])):
        typer.echo(
            f"{title}: " + (", ".join(f"{count} {key}" for key, count in counts.items() if count) or "-")
        )
    if facts["missing"]:
        typer.echo(f"Missing since an import: {len(facts['missing'])} (--json lists them)")
    print_table(
        ("INDEX", "CLASS", "COLOR", "PICTURES"),
        [(one["index"], one["name"], one["color"], one["pictures"]) for one in facts["classes"]],
    )
    if facts["last_import"] is not None:
        problems = len(facts["last_import"]["problems"])
        typer.echo(
            f"Last import: {facts['last_import']['created_at']}, {problems} problems (--json lists them)"
        )


@commands.command()
@studio_command(has_json=True)
def verify(studio: Studio, name: NameArgument) -> None:
    """Check that every picture and mask of a dataset is still there and unchanged.

    Exits with 1 if one is missing, damaged or changed.

    \b
    Examples:
      puzzlecam dataset verify voc
    """
    from puzzlecam_app.interchange.verify import verify_dataset

    with studio.open() as services, progress_bar("Verifying") as progress:
        report = verify_dataset(services.database, services.masks, name, progress=progress)
    if studio.as_json:
        print_json(report.model_dump(mode="json"))
    else:
        typer.echo(
            f"{report.pictures} pictures and {report.masks} masks read, {len(report.problems)} problems."
        )
        print_problems(report.problems)
    if report.problems:
        raise typer.Exit(1)


@commands.command()
@studio_command(has_json=True)
def relocate(
    studio: Studio,
    name: NameArgument,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Folder or URL that the pictures of the dataset are in now.")
    ],
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Relocate the dataset although some pictures are not in the folder."),
    ] = False,
) -> None:
    """Find the pictures of a dataset again after their folder was moved.

    Pictures are found by their content, so their names may differ. If some are not found, nothing is changed,
    unless --partial is given. Exits with 1 if a picture is not found.

    \b
    Examples:
      puzzlecam dataset relocate voc /mnt/new/VOC2012
    """
    from puzzlecam_app.interchange.relocation import relocate_dataset
    from puzzlecam_app.storage.urls import place_named

    with studio.open() as services, progress_bar("Reading pictures") as progress:
        report = relocate_dataset(
            services.database,
            name,
            place_named(path),
            partial=partial,
            may_follow_links=True,
            progress=progress,
        )
    if studio.as_json:
        print_json(report.model_dump(mode="json"))
    else:
        typer.echo(report.sentence)
        for missing in report.missing[:PROBLEMS_SHOWN]:
            typer.echo(f"missing  {missing}")
        if len(report.missing) > PROBLEMS_SHOWN:
            typer.echo(f"... and {len(report.missing) - PROBLEMS_SHOWN} more; --json lists all.")
    if report.missing:
        raise typer.Exit(1)


@commands.command()
@studio_command(has_json=True)
def remove(studio: Studio, name: NameArgument) -> None:
    """Remove a dataset from the studio; its name can be reused. No picture, mask or decision is deleted.

    \b
    Examples:
      puzzlecam dataset remove voc
    """
    from db.datasets import remove_dataset, require_dataset

    with studio.write() as session:
        remove_dataset(session, require_dataset(session, name).id)
    studio.report({"removed": name}, f"{name} is removed; its pictures, masks and history are kept.")


def _summary(session: Session, dataset: Dataset) -> dict[str, Any]:
    from db.datasets import place_of
    from db.queue import counts_by_status
    from db.status import STATUS_GROUPS

    statuses = counts_by_status(session, dataset.id)
    return {
        "name": dataset.name,
        "pictures": sum(statuses.values()),
        "done": sum(statuses[status] for status in STATUS_GROUPS["done"]),
        "statuses": statuses,
        "layout": dataset.layout,
        "root": place_of(session, dataset),
        "created_at": dataset.created_at,
    }


def _facts(session: Session, dataset: Dataset) -> dict[str, Any]:
    from db.datasets import list_import_reports
    from db.items import all_items, tags_of
    from db.labels import latest_label_set
    from db.natural_order import natural_key

    label_set = latest_label_set(session, dataset.id)
    known = all_items(session, dataset.id)
    items = [item for item in known if item.missing_since is None]
    splits = Counter(item.split or "none" for item in items)
    tags = tags_of(session, [item.id for item in items])
    tagged = Counter(index for indices in tags.values() for index in indices)
    imports = list_import_reports(session, dataset.id)
    return _summary(session, dataset) | {
        "missing": [item.name for item in known if item.missing_since is not None],
        "splits": {name: splits[name] for name in sorted(splits, key=natural_key)},
        "label_set_revision": label_set.revision,
        "classes": [
            {"index": one.index, "name": one.name, "color": one.color, "pictures": tagged[one.index]}
            for one in label_set.classes
        ],
        "last_import": None
        if not imports
        else {
            "created_at": imports[0].created_at,
            "source": imports[0].source,
            "summary": imports[0].summary,
            "problems": imports[0].problems,
        },
    }
