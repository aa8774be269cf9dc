"""`propose` computes heatmaps and proposals before anybody waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from puzzlecam_app.commands.options import MinPieceShareOption, ModelOption, NameArgument
from puzzlecam_app.commands.printing import print_json, progress_bar
from puzzlecam_app.commands.studio import Studio, studio_command

if TYPE_CHECKING:
    from puzzlecam_app.services import Services


@dataclass(frozen=True)
class Failure:
    """A picture without a proposal, and why."""

    picture: str
    reason: str


@dataclass(frozen=True)
class ProposeReport:
    """What became of the pictures of a dataset; the limit left `remaining` for a later call."""

    dataset: str
    computed: int
    present: int
    untagged: int
    remaining: int
    failures: tuple[Failure, ...]


@studio_command(has_json=True)
def propose(
    studio: Studio,
    name: NameArgument,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after N pictures; the next call continues.")
    ] = None,
    model: ModelOption = None,
    min_piece_share: MinPieceShareOption = None,
) -> None:
    """Compute heatmaps and proposals of a dataset ahead of time.

    It can be stopped at any time; the next call does the rest. Masks that somebody has worked on are kept.
    With --model, the run's masks replace the proposals of the zero-shot model and of other runs.

    \b
    Examples:
      puzzlecam propose voc
      puzzlecam propose voc --limit 100 --json
      puzzlecam propose voc --model runs/first
    """
    with studio.open(model=model, min_piece_share=min_piece_share) as services:
        plan = _plan(services, name)
        todo = plan.due[:limit]
        failures = tuple(_compute(services, todo))
    report = ProposeReport(
        dataset=name,
        computed=len(todo) - len(failures),
        present=plan.present,
        untagged=plan.untagged,
        remaining=len(plan.due) - len(todo),
        failures=failures,
    )
    if studio.as_json:
        print_json(asdict(report))
    else:
        _print(report)
    if failures:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Plan:
    due: list[tuple[int, str]]
    present: int
    untagged: int


def _plan(services: Services, name: str) -> _Plan:
    """Sort the pictures of a dataset into those that are due (id and name), done, and without tags."""
    from db.annotations import latest_revisions
    from db.datasets import require_dataset
    from db.items import present_items, tags_of
    from db.labels import latest_label_set

    with services.database.read() as session:
        dataset = require_dataset(session, name)
        items = present_items(session, dataset.id)
        newest = latest_revisions(session, dataset.id)
        tags = tags_of(session, [item.id for item in items])
        names = {one.index: one.name for one in latest_label_set(session, dataset.id).classes}
    tagged = [item for item in items if tags[item.id]]
    predictor = services.proposals.predictor_of(dataset.id)
    due = [
        (item.id, item.name)
        for item in tagged
        if services.proposals.is_due(newest.get(item.id), predictor)
        or item.doubt_rank > 0
        or predictor.cached_cams(item.sha256, [names[index] for index in tags[item.id]]) is None
    ]
    return _Plan(due, present=len(tagged) - len(due), untagged=len(items) - len(tagged))


def _compute(services: Services, todo: list[tuple[int, str]]) -> Iterator[Failure]:
    """Compute one picture after the other; yields those that failed; the others are computed all the same."""
    from db.errors import StorageError
    from puzzlecam_app.errors import UserError

    with progress_bar("Proposing") as progress:
        for done, (item_id, name) in enumerate(todo):
            progress(done, len(todo))
            try:
                services.proposals.compute(item_id, is_ahead=True)
            except (UserError, StorageError) as error:
                yield Failure(name, str(error))
        progress(len(todo), len(todo))


def _print(report: ProposeReport) -> None:
    typer.echo(f"{report.computed} pictures computed, {report.present} already done.")
    if report.untagged:
        typer.echo(f"{report.untagged} pictures have no tags, so they get no proposal.")
    if report.remaining:
        typer.echo(f"{report.remaining} pictures are left; run the command again to continue.")
    for failure in report.failures:
        typer.echo(f"failed  {failure.picture}: {failure.reason}")
