"""The trainer's studies as commands: many runs, or simulated people, and a table in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainer.cli_options import (
    ClusterOption,
    DatasetOption,
    DeviceOption,
    JsonOption,
    RecipeOption,
    ReuseOption,
    SetOption,
    print_result,
    whole_number,
)
from trainer.contract import DEFAULT_RECIPE

studies_app = typer.Typer(rich_markup_mode=None)


@studies_app.command()
def ablate(
    dataset_root: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder for the runs, the table and the plot.")],
    recipe: RecipeOption = DEFAULT_RECIPE,
    split: Annotated[str, typer.Option(help="Split to train on and measure.")] = "train",
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0,1",
    overrides: SetOption = None,
    device: DeviceOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make table 1 of the paper: CAM quality with and without each loss term."""
    from trainer import commands
    from trainer.run.progress import ProgressDisplay
    from trainer.studies.ablation import ablation_table

    numbers = [whole_number(text) for text in seeds.split(",")]
    with ProgressDisplay() as display:
        result = commands.ablate(
            dataset_root,
            recipe,
            out,
            split=split,
            seeds=numbers,
            overrides=overrides or (),
            device=device,
            listeners=(display,),
            cluster=cluster,
        )
    print_result(result, as_json, ablation_table(result))


@studies_app.command("compare-methods")
def compare_methods(
    dataset_root: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder for the runs, the table and the plot.")],
    methods: Annotated[
        str, typer.Option(help="Systems to compare, separated by commas.")
    ] = "plain,seam,puzzle",
    recipe: RecipeOption = DEFAULT_RECIPE,
    split: Annotated[str, typer.Option(help="Split to train on and measure.")] = "train",
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0,1",
    overrides: SetOption = None,
    device: DeviceOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make table 3 of the paper: several systems on the same pictures, with their times."""
    from trainer import commands
    from trainer.run.progress import ProgressDisplay
    from trainer.studies.methods import methods_table

    numbers = [whole_number(text) for text in seeds.split(",")]
    with ProgressDisplay() as display:
        result = commands.compare_methods(
            dataset_root,
            recipe,
            out,
            methods=[name.strip() for name in methods.split(",") if name.strip()],
            split=split,
            seeds=numbers,
            overrides=overrides or (),
            device=device,
            listeners=(display,),
            cluster=cluster,
        )
    print_result(result, as_json, methods_table(result))


@studies_app.command()
def simulate(
    dataset_root: DatasetOption,
    split: Annotated[str, typer.Option(help="Split whose pictures are corrected.")] = "val",
    engine: Annotated[
        str,
        typer.Option(help="none, superpixel, grabcut, walker or ours; several separated by commas; or all."),
    ] = "ours",
    start: Annotated[
        str, typer.Option(help="Where the masks come from: zero-shot, or a run directory.")
    ] = "zero-shot",
    max_clicks: Annotated[int, typer.Option(min=1, max=100, help="Most clicks per picture.")] = 20,
    jitter: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="0 clicks in the middle of an error, 1 anywhere in it.")
    ] = 0.0,
    seeds: Annotated[str, typer.Option(help="Seeds of the jitter, separated by commas.")] = "0,1,2",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only this many pictures, evenly spread.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder to keep zero-shot masks in.")] = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how many clicks a mask takes, with a simulated annotator."""
    from trainer import commands

    result = commands.simulate(
        dataset_root,
        split,
        engine,
        start=start,
        max_clicks=max_clicks,
        jitter=jitter,
        seeds=[whole_number(text) for text in seeds.split(",")],
        limit=limit,
        cache=cache,
        cluster=cluster,
    )
    print_result(result, as_json, commands.simulation_table(result))


@studies_app.command(name="simulate-loop")
def simulate_loop(
    dataset_root: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder for the runs, the corrections, the table and the plot.")],
    recipe: RecipeOption = DEFAULT_RECIPE,
    split: Annotated[str, typer.Option(help="Split to correct, train on and measure.")] = "train",
    points: Annotated[
        str, typer.Option(help="Numbers of corrected pictures, in ascending order.")
    ] = "0,25,50,100,200",
    orders: Annotated[
        str, typer.Option(help="random, undecided, entropy or score; several separated by commas.")
    ] = "random,undecided",
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0",
    target: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="IoU at which the annotator accepts a mask.")
    ] = 0.85,
    max_clicks: Annotated[
        int, typer.Option(min=1, max=100, help="Clicks after which the annotator paints the mask by hand.")
    ] = 10,
    overrides: SetOption = None,
    reuse: ReuseOption = None,
    device: DeviceOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure what corrections teach: mask quality of untouched pictures as more others are corrected."""
    from trainer import commands
    from trainer.run.progress import ProgressDisplay

    with ProgressDisplay() as display:
        result = commands.simulate_loop(
            dataset_root,
            recipe,
            out,
            split=split,
            points=[whole_number(text, "--points 0,25,50") for text in points.split(",")],
            orders=[text.strip() for text in orders.split(",")],
            seeds=[whole_number(text) for text in seeds.split(",")],
            target=target,
            max_clicks=max_clicks,
            overrides=overrides or (),
            reuse=reuse or (),
            device=device,
            listeners=(display,),
            cluster=cluster,
        )
    print_result(result, as_json, commands.teaching_table(result))


@studies_app.command(name="simulate-live")
def simulate_live(
    dataset_root: DatasetOption,
    split: Annotated[str, typer.Option(help="Split whose pictures are corrected and measured.")] = "train",
    points: Annotated[
        str, typer.Option(help="Numbers of corrected pictures, in ascending order.")
    ] = "0,1,2,5,10,25,50,100,200",
    orders: Annotated[
        str, typer.Option(help="score (most doubtful first), random, or both separated by a comma.")
    ] = "score,random",
    seeds: Annotated[str, typer.Option(help="Seeds of the random order, separated by commas.")] = "0,1",
    untouched: Annotated[
        int, typer.Option(min=1, help="Number of pictures that nobody corrects and that are measured.")
    ] = 150,
    pictures: Annotated[
        int | None, typer.Option(min=2, help="Use only this many pictures, evenly spread.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="Where the maps at the start come from: zero-shot, or a run directory.")
    ] = "zero-shot",
    features: Annotated[
        str,
        typer.Option(
            help="Features that it learns from: imagenet, or run for those of --model's classifier."
        ),
    ] = "imagenet",
    no_words: Annotated[bool, typer.Option("--no-words", help="Take the names of all classes away.")] = False,
    no_clicks: Annotated[
        bool,
        typer.Option("--no-clicks", help="Take the ground truth as the correction, without clicks."),
    ] = False,
    baseline: Annotated[bool, typer.Option("--baseline", help="Simulate also without learning.")] = False,
    target: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="IoU at which the annotator accepts a mask.")
    ] = 0.85,
    max_clicks: Annotated[
        int, typer.Option(min=1, max=100, help="Clicks after which the annotator paints the mask by hand.")
    ] = 10,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for all that was computed; with it, an interrupted simulation continues."),
    ] = None,
    device: DeviceOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure what the live model learns as a simulated annotator corrects pictures one after another."""
    from trainer import commands

    result = commands.simulate_live(
        dataset_root,
        split=split,
        points=[whole_number(text, "--points 0,10,25") for text in points.split(",")],
        orders=[text.strip() for text in orders.split(",")],
        seeds=[whole_number(text) for text in seeds.split(",")],
        untouched=untouched,
        pictures=pictures,
        model=model,
        uses_words=not no_words,
        features=features,
        has_clicks=not no_clicks,
        has_baseline=baseline,
        target=target,
        max_clicks=max_clicks,
        out=out,
        device=device,
        cluster=cluster,
    )
    print_result(result, as_json, commands.live_table(result))
