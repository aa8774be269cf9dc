"""`propose` computes heatmaps and proposals before anybody waits for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from puzzlecam_app.commands.options import (
    ClipWeightsOption,
    MinPieceShareOption,
    ModelOption,
    NameArgument,
    SourceOption,
)
from puzzlecam_app.commands.printing import print_json, progress_bar
from puzzlecam_app.commands.studio import Studio, studio_command
from trainer.cli_options import ClusterOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from puzzlecam_app.proposing.ahead import Failure
    from puzzlecam_app.services import Services


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
    source: SourceOption = None,
    clip_weights: ClipWeightsOption = None,
    min_piece_share: MinPieceShareOption = None,
    cluster: ClusterOption = None,
) -> None:
    """Compute heatmaps and proposals of a dataset ahead of time.

    It can be stopped at any time; the next call does the rest. Masks that somebody has worked on are kept.
    With --model, the run's masks replace the proposals of the zero-shot model and of other runs. With
    --source, the masks of one zero-shot model replace those of another.

    \b
    Examples:
      puzzlecam propose voc
      puzzlecam propose voc --limit 100 --json
      puzzlecam propose voc --model runs/first
      puzzlecam propose leaves --source clip --clip-weights open_clip_model.safetensors
      puzzlecam propose voc --cluster auto
    """
    from puzzlecam_app.proposing.ahead import compute_now, plan_ahead

    with studio.open(
        model=model, source=source, clip_weights=clip_weights, min_piece_share=min_piece_share
    ) as services:
        dataset_id = _dataset_id(services, name)
        plan = plan_ahead(services.database, services.proposals, dataset_id)
        todo = plan.due[:limit]
        with progress_bar("Proposing") as progress:
            if cluster is None:
                found = compute_now(services.proposals, todo, progress)
            else:
                found = _compute_on(cluster, services, dataset_id, todo, progress)
        failures = tuple(found)
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


def _dataset_id(services: Services, name: str) -> int:
    from db.datasets import require_dataset

    with services.database.read() as session:
        return require_dataset(session, name).id


def _compute_on(
    address: str,
    services: Services,
    dataset_id: int,
    todo: list[tuple[int, str]],
    progress: Callable[[int, int], None],
) -> list[Failure]:
    from puzzlecam_app.proposing.on_cluster import compute_on_cluster
    from trainer.cluster.connection import open_cluster

    predictor = services.proposals.predictor_of(dataset_id)
    with open_cluster(address, None) as cluster:
        return compute_on_cluster(
            cluster,
            services.database,
            services.proposals,
            predictor,
            todo,
            services.settings.max_image_pixels,
            progress,
        )


def _print(report: ProposeReport) -> None:
    typer.echo(f"{report.computed} pictures computed, {report.present} already done.")
    if report.untagged:
        typer.echo(f"{report.untagged} pictures have no tags, so they get no proposal.")
    if report.remaining:
        typer.echo(f"{report.remaining} pictures are left; run the command again to continue.")
    for failure in report.failures:
        typer.echo(f"failed  {failure.picture}: {failure.reason}")
