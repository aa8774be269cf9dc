"""Commands for the results of runs, such as `run publish`, `compare`, `prune` and `store`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puzzlecam_app.commands.options import RunArgument
from puzzlecam_app.commands.printing import print_json, print_table, progress_bar
from puzzlecam_app.commands.studio import Studio, studio_command
from puzzlecam_app.errors import UserError
from puzzlecam_app.login_name import login_name

if TYPE_CHECKING:
    from puzzlecam_app.settings import Settings

_SHOWN = 20


def add_result_commands(commands: typer.Typer) -> None:
    """Add the commands of this file to the group `run`."""
    for command in (publish, unpublish, compare, delete, prune, store, fetch):
        commands.command()(command)


@studio_command(has_json=True)
def publish(
    studio: Studio,
    run: RunArgument,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would change.")] = False,
    over_rejected: Annotated[
        bool, typer.Option("--over-rejected", help="Also propose masks for rejected pictures.")
    ] = False,
) -> None:
    """Make the run's pseudo-labels the proposals of pictures that nobody has accepted or worked on.

    Human work is never replaced, and run unpublish brings the earlier proposals back.

    \b
    Examples:
      puzzlecam run publish 3 --preview
      puzzlecam run publish 3
    """
    from puzzlecam_app.runs import publishing

    with studio.open() as services, progress_bar("Publishing") as progress:
        folder = services.run_files(run)
        if preview:
            plan = publishing.plan_publication(
                services.database,
                services.masks,
                folder,
                run,
                over_rejected=over_rejected,
                progress=progress,
            )
        else:
            report = publishing.publish(
                services.database,
                services.masks,
                folder,
                run,
                author=login_name(),
                over_rejected=over_rejected,
                progress=progress,
            )
    if not preview:
        sentence = (
            f"{report.published} pictures got a new proposal, {report.unchanged} had it already, "
            f"{report.kept} have human work and were not changed, {len(report.left_out)} could not get it."
        )
        if report.warning:
            sentence += f"\nWarning: {report.warning}"
        studio.report(asdict(report), sentence)
        return
    if studio.as_json:
        print_json({**asdict(plan), "warning": plan.warning})
        return
    typer.echo(
        f"{plan.count('changed')} proposals would change, {plan.count('new')} pictures would get a first "
        f"one, {plan.count('unchanged')} have it already, {plan.count('kept')} have human work and would not "
        f"change, {plan.count('left out')} cannot get it."
    )
    if plan.warning:
        typer.echo(f"Warning: {plan.warning}")
        print_table(("MASK", "PICTURE"), [(item.remark or "", item.name) for item in plan.remarked[:_SHOWN]])
    shown = [item for item in plan.items if item.verdict == "changed"][:_SHOWN]
    if shown:
        typer.echo("Largest changes (IoU of old and new mask):")
        print_table(("IOU", "PICTURE"), [(f"{item.iou or 0:.2f}", item.name) for item in shown])


@studio_command(has_json=True)
def unpublish(studio: Studio, run: RunArgument) -> None:
    """Bring back the earlier proposals of a run's pictures, where nobody has worked on them since.

    \b
    Examples:
      puzzlecam run unpublish 3
    """
    from puzzlecam_app.runs import publishing

    with studio.open() as services, progress_bar("Unpublishing") as progress:
        undone = publishing.unpublish(services.database, run, author=login_name(), progress=progress)
    sentence = (
        f"{undone.restored} pictures have their earlier proposal again; {undone.kept} have human work and "
        f"were not changed."
    )
    studio.report(asdict(undone), sentence)


@studio_command(has_json=True)
def compare(
    studio: Studio,
    runs: Annotated[list[int], typer.Argument(metavar="RUN...", help="Numbers of two or more runs.")],
) -> None:
    """Compare runs: settings that differ, mean IoU of every output, IoU of every class.

    \b
    Examples:
      puzzlecam run compare 3 4
    """
    from db.runs import get_run
    from puzzlecam_app.runs import comparing

    with studio.read() as session:
        found = [get_run(session, one) for one in dict.fromkeys(runs)]
    result = {
        "runs": [{"id": one.id, "name": one.name, "status": one.status} for one in found],
        "settings": comparing.differing_settings(found),
        "metrics": comparing.compared_metrics(found),
        "classes": comparing.compared_classes(found),
    }
    if studio.as_json:
        print_json(result)
        return
    numbers = [f"RUN {one.id}" for one in found]
    if result["settings"]:
        rows = [(row["setting"], *map(str, row["values"])) for row in result["settings"]]
        print_table(("SETTING", *numbers), rows)
    else:
        typer.echo("All settings are the same.")
    if result["metrics"]:
        figures = [
            (f"{row['title']} ({row['split']})", *(_figure(one) for one in row["runs"]))
            for row in result["metrics"]
        ]
        print_table(("MEAN IOU, HONEST", *numbers), figures)
    if result["classes"]:
        classes = [(row["class"], *map(_percent, row["values"])) for row in result["classes"]]
        print_table(("IOU OF PSEUDO-MASKS", *numbers), classes)


@studio_command(has_json=True)
def delete(studio: Studio, run: RunArgument) -> None:
    """Delete an ended run with all its files. A published run must be unpublished first.

    \b
    Examples:
      puzzlecam run delete 3
    """
    from puzzlecam_app.runs.storage import delete_run

    with studio.open() as services:
        delete_run(services.database, services.workspace.runs_dir, run)
    studio.report({"deleted": run}, f"Run {run} is deleted.")


@studio_command(has_json=True)
def prune(
    studio: Studio,
    runs: Annotated[
        list[int] | None, typer.Argument(metavar="RUN...", help="Only these runs; all by default.")
    ] = None,
    older_than_days: Annotated[
        float | None,
        typer.Option(
            "--older-than-days", metavar="DAYS", min=0, help="Only runs that ended longer ago than this."
        ),
    ] = None,
    keep_gb: Annotated[
        float | None,
        typer.Option(
            "--keep-gb",
            metavar="GB",
            min=0,
            help="Oldest runs first, until all runs together take this much.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
) -> None:
    """Remove large files (checkpoints, networks, maps, masks) of ended runs that are not published.

    Settings, events, figures and the snapshot are kept.

    \b
    Examples:
      puzzlecam run prune --older-than-days 30 --dry-run
      puzzlecam run prune --keep-gb 20
    """
    from puzzlecam_app.errors import UsageError
    from puzzlecam_app.runs.storage import prune_runs

    if not runs and older_than_days is None and keep_gb is None:
        raise UsageError("no runs are selected", remedy="Name runs, or give --older-than-days or --keep-gb")
    with studio.open() as services:
        pruned = prune_runs(
            services.database,
            services.workspace.runs_dir,
            older_than=None if older_than_days is None else timedelta(days=older_than_days),
            keep_bytes=None if keep_gb is None else round(keep_gb * 1e9),
            run_ids=tuple(runs) if runs else None,
            is_trial=dry_run,
        )
    if studio.as_json:
        print_json({"dry_run": dry_run, "pruned": [asdict(one) for one in pruned]})
        return
    for one in pruned:
        typer.echo(f"run {one.run_id} ({one.name}): {one.freed / 1e6:,.0f} MB")
    total = sum(one.freed for one in pruned)
    typer.echo(f"{total / 1e6:,.0f} MB {'would be' if dry_run else 'were'} freed.")


def _figure(figure: dict[str, Any] | None) -> str:
    return "-" if figure is None else _percent(figure["honest"])


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


@studio_command(has_json=False)
def store(studio: Studio, run: RunArgument) -> None:
    """Copy a finished run to the store that PUZZLECAM_RUNS_URL names; workers do this by themselves.

    \b
    Examples:
      puzzlecam run store 3
    """
    from db.run_status import ENDED
    from db.runs import get_run
    from puzzlecam_app.runs.folder import RunFolder
    from puzzlecam_app.runs.stored import StoredRuns

    with studio.open() as services, progress_bar("Copying") as progress:
        url = _store_url(services.settings)
        with services.database.read() as session:
            found = get_run(session, run)
        if found.status not in ENDED:
            raise UserError(
                f"the run is {found.status}", where=f"run {run}", remedy="Wait until it has ended"
            )
        folder = RunFolder.of(services.workspace.runs_dir, run)
        if not folder.snapshot_path.is_file():
            raise UserError(
                "the files of the run are not on this machine",
                where=str(folder.path),
                remedy="Use this command where they are",
            )
        try:
            StoredRuns(url).store(folder, found, progress)
        except OSError as problem:
            raise UserError(
                f"the run was not copied as a whole ({problem.strerror})",
                where=url,
                remedy="Check the storage and the credentials in the environment, and try again",
            ) from problem
    typer.echo(f"Run {run} was copied to {url}.")


@studio_command(has_json=False)
def fetch(studio: Studio, run: RunArgument) -> None:
    """Bring a run's files from the store that PUZZLECAM_RUNS_URL names, where this machine lacks them.

    \b
    Examples:
      puzzlecam run fetch 3
    """
    with studio.open() as services, progress_bar("Copying") as progress:
        _store_url(services.settings)
        folder = services.run_files(run, progress)
    typer.echo(f"The files of run {run} are in {folder.path}.")


def _store_url(settings: Settings) -> str:
    if settings.runs_url is None:
        raise UserError("no store of runs is set", remedy="Name one with PUZZLECAM_RUNS_URL")
    return settings.runs_url
