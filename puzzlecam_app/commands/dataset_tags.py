"""`dataset tags` reads the tags of a dataset from a list again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from puzzlecam_app.commands.options import NameArgument
from puzzlecam_app.commands.printing import print_json, print_problems, progress_bar
from puzzlecam_app.commands.studio import Studio, studio_command


@studio_command(has_json=True)
def tags(
    studio: Studio,
    name: NameArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV with the columns image,tags, or JSON, as for import.")
    ],
    only_add: Annotated[
        bool, typer.Option("--only-add", help="Add tags, and remove none that the list does not have.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Change the tags; without it, only say what would change.")
    ] = False,
) -> None:
    """Change the tags of a dataset to those in a list. Pictures that are not listed keep their tags.

    First says what would change; repeat it with --apply to change it. Proposals that were made for other tags
    are made again; masks that somebody has worked on stay.

    \b
    Examples:
      puzzlecam dataset tags pets corrected.csv
      puzzlecam dataset tags pets corrected.csv --apply
    """
    from db.datasets import require_dataset
    from puzzlecam_app.interchange.retagging import apply_tags, plan_tags, preview
    from puzzlecam_app.interchange.tag_files import read_tag_file

    rows, problems = read_tag_file(file)
    with studio.open() as services, progress_bar("Changing tags") as progress:
        with services.database.read() as session:
            dataset_id = require_dataset(session, name).id
            plan = plan_tags(session, dataset_id, rows, problems, only_add=only_add)
        report = (
            apply_tags(services.database, plan, author=None, progress=progress) if apply else preview(plan)
        )
    if studio.as_json:
        print_json(report.model_dump(mode="json"))
        return
    typer.echo(report.sentence)
    for one in report.examples:
        changes = [*(f"+{tag}" for tag in one.added), *(f"-{tag}" for tag in one.removed)]
        typer.echo(f"  {one.name}: {' '.join(changes)}")
    if report.changed > len(report.examples):
        typer.echo(f"  ... and {report.changed - len(report.examples):,} more")
    print_problems(report.problems)
    if not apply and report.changed:
        typer.echo("Nothing is changed yet; repeat it with --apply.")
