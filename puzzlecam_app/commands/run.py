"""`run` starts, lists, shows and controls training runs; commands for their results are in `run_results`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puzzlecam_app.commands.options import RunArgument
from puzzlecam_app.commands.printing import print_json, print_table
from puzzlecam_app.commands.run_results import add_result_commands
from puzzlecam_app.commands.studio import Studio, studio_command
from trainer.contract import DEFAULT_RECIPE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.run_models import Run

commands = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Train in the background: start, watch, publish."
)
_FOLLOW_S = 1.0


@commands.command()
@studio_command(has_json=True)
def start(
    studio: Studio,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Name of the dataset.")],
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="Name of a shipped recipe, or a TOML file.")
    ] = DEFAULT_RECIPE,
    split: Annotated[
        str, typer.Option(metavar="NAME", help="Split to train on; all stands for every picture.")
    ] = "all",
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the run; made from dataset and recipe by default.")
    ] = "",
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, e.g. classify.epochs=3."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="cpu, cuda or cuda:N; by default that of the worker.")
    ] = None,
) -> None:
    """Queue a training run on a dataset as it is now.

    The studio's worker trains it, or one that you start with: puzzlecam worker

    \b
    Examples:
      puzzlecam run start voc
      puzzlecam run start voc --recipe tiny --split train --set classify.epochs=1
    """
    from db.datasets import require_dataset
    from puzzlecam_app.login_name import login_name
    from puzzlecam_app.runs.starting import RunRequest, start_run
    from trainer.recipes import load_recipe

    chosen = load_recipe(recipe, overrides or ())
    with studio.open() as services:
        with services.database.read() as session:
            dataset_id = require_dataset(session, dataset).id
        request = RunRequest(
            dataset_id, chosen, author=login_name(), split=split, name=name, device=_checked_device(device)
        )
        run = start_run(services.database, services.masks, services.workspace.runs_dir, request)
        with services.database.read() as session:
            facts = run_facts(session, _get(session, run.id))
    if studio.as_json:
        print_json(facts)
        return
    typer.echo(f"Run {run.id} is queued: {run.name}.")
    typer.echo(f"It learns from: {facts['learns_from']}")


@commands.command("list")
@studio_command(has_json=True)
def list_(
    studio: Studio,
    dataset: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs on this dataset.")] = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only runs with this status.")] = None,
) -> None:
    """List runs: first those that are running, then the queue in its order, then ended ones, newest first.

    \b
    Examples:
      puzzlecam run list
      puzzlecam run list --status queued --json
    """
    from db.datasets import require_dataset
    from db.runs import list_runs

    with studio.read() as session:
        dataset_id = None if dataset is None else require_dataset(session, dataset).id
        runs = list_runs(session, dataset_id=dataset_id, status=status)
        rows = [run_facts(session, run) for run in runs]
    if studio.as_json:
        print_json(rows)
    elif not rows:
        typer.echo("There are no runs; start one with: run start DATASET")
    else:
        print_table(
            ("RUN", "STATUS", "STAGE", "DATASET", "NAME", "STARTED"),
            [
                (one["id"], one["status"], _stage(one), one["dataset"], one["name"], _time(one))
                for one in rows
            ],
        )


@commands.command()
@studio_command(has_json=True)
def show(studio: Studio, run: RunArgument) -> None:
    """Show a run: what it learns from, its progress, its figures, and why it failed.

    \b
    Examples:
      puzzlecam run show 3
    """
    with studio.read() as session:
        facts = run_facts(session, _get(session, run))
    if studio.as_json:
        print_json(facts)
        return
    typer.echo(f"Run {facts['id']}: {facts['name']} ({facts['status']})")
    typer.echo(f"Dataset {facts['dataset']}, split {facts['split']}: {facts['learns_from']}")
    if facts["progress"]["device"]:
        typer.echo(facts["progress"]["device"])
    print_table(
        ("STAGE", "STATUS", "DONE", "OF", "LEFT"),
        [
            (one["name"], one["status"], one["done"], one["total"], _duration(one["eta_s"]))
            for one in facts["progress"]["stages"]
        ],
    )
    for one in facts["progress"]["stages"]:
        if one["not_done"]:
            typer.echo(f"{one['name']}: {one['not_done']}")
    for row in (facts["metrics"] or {}).get("rows", []):
        honest = row["honest"]["miou"]
        shown = "-" if honest is None else f"{100 * honest:.2f}"
        typer.echo(f"{row['title']} ({row['split']}, {row['pictures']} pictures): mean IoU {shown}")
    if facts["problem"]:
        typer.echo(f"Failed: {facts['problem']} {facts['remedy'] or ''}".rstrip())


@commands.command()
@studio_command(has_json=True)
def logs(
    studio: Studio,
    run: RunArgument,
    lines: Annotated[int, typer.Option("--lines", metavar="N", min=1, help="Number of lines.")] = 40,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep printing new lines until the run ends.")
    ] = False,
) -> None:
    """Print the last lines of the trainer's output.

    \b
    Examples:
      puzzlecam run logs 3 --lines 100
      puzzlecam run logs 3 --follow
    """
    from db.run_status import ENDED
    from puzzlecam_app.runs.event_mirror import log_size
    from puzzlecam_app.runs.folder import RunFolder

    with studio.open() as services:

        def status() -> str:
            with services.database.read() as session:
                return _get(session, run).status

        now = status()
        folder = RunFolder.of(services.workspace.runs_dir, run)
        position = log_size(folder.log_path)
        text = folder.log_tail(lines)
        if studio.as_json:
            print_json({"run": run, "status": now, "lines": text.splitlines()})
            return
        if text:
            typer.echo(text)
        while follow and now not in ENDED:
            time.sleep(_FOLLOW_S)
            now = status()
            if log_size(folder.log_path) > position:
                with folder.log_path.open("rb") as log:
                    log.seek(position)
                    typer.echo(log.read().decode("utf-8", errors="replace"), nl=False)
                    position = log.tell()


@commands.command()
@studio_command(has_json=True)
def stop(
    studio: Studio,
    run: RunArgument,
    now: Annotated[
        bool,
        typer.Option("--now", help="Do not wait until the state is stored; the last checkpoint is kept."),
    ] = False,
) -> None:
    """Stop a run after storing its state, from which it can be resumed.

    \b
    Examples:
      puzzlecam run stop 3
    """
    from db.run_status import ENDED
    from db.runs import ask_to_stop

    with studio.write() as session:
        asked = ask_to_stop(session, run)
        if now and asked.status not in ENDED and not asked.stop_is_firm:
            asked = ask_to_stop(session, run)
        facts = run_facts(session, asked)
    studio.report(facts, f"Run {run} is {facts['status']}.")


@commands.command()
@studio_command(has_json=True)
def resume(studio: Studio, run: RunArgument) -> None:
    """Queue a failed or stopped run again; it continues from its last checkpoint.

    \b
    Examples:
      puzzlecam run resume 3
    """
    from db.runs import resume as put_back

    with studio.write() as session:
        facts = run_facts(session, put_back(session, run))
    studio.report(facts, f"Run {run} is queued.")


@commands.command()
@studio_command(has_json=True)
def reorder(
    studio: Studio,
    runs: Annotated[
        list[int], typer.Argument(metavar="RUN...", help="Numbers of queued runs in the new order.")
    ],
) -> None:
    """Change the order of queued runs: the named ones come first, in this order.

    \b
    Examples:
      puzzlecam run reorder 5 3
    """
    from db.runs import list_runs
    from db.runs import reorder as set_order

    with studio.write() as session:
        set_order(session, runs)
        queue = [one.id for one in list_runs(session, status="queued")]
    studio.report({"queue": queue}, f"The queue is: {', '.join(map(str, queue)) or 'empty'}.")


def run_facts(session: Session, run: Run) -> dict[str, Any]:
    """What commands and pages tell about a run."""
    from puzzlecam_app.runs.facts import run_facts as facts

    return facts(session, run)


def _get(session: Session, run_id: int) -> Run:
    from db.runs import get_run

    return get_run(session, run_id)


def _checked_device(device: str | None) -> str | None:
    import re

    from puzzlecam_app.errors import UsageError

    if device is not None and not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise UsageError(f"{device!r} is not a device", where="--device", remedy="Use cpu, cuda or cuda:N")
    return device


def _stage(facts: dict[str, Any]) -> str:
    for stage in facts["progress"]["stages"]:
        if stage["status"] in ("running", "stopped"):
            share = f" {100 * stage['done'] // stage['total']}%" if stage["total"] else ""
            return f"{stage['name']}{share}"
    return "-"


def _time(facts: dict[str, Any]) -> str:
    moment = facts["started_at"]
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


add_result_commands(commands)
