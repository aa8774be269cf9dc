"""The trainer's commands. Each imports torch only when it runs, so that `--help` answers at once."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
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
)
from trainer.cli_studies import studies_app
from trainer.contract import DEFAULT_RECIPE, EXIT_GOOD
from trainer.errors import TrainerError, failure_code

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
recipes_app = typer.Typer(rich_markup_mode=None)
app.add_typer(recipes_app, name="recipes")
app.registered_commands += studies_app.registered_commands


@app.command()
def train(
    dataset_root: DatasetOption,
    run_dir: Annotated[Path, typer.Option(help="New or empty folder, or the folder of a run to continue.")],
    recipe: RecipeOption = DEFAULT_RECIPE,
    split: Annotated[str, typer.Option(help="Split to train on.")] = "train",
    stages: Annotated[str | None, typer.Option(help="Stages, separated by commas; all by default.")] = None,
    overrides: SetOption = None,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted stage from its checkpoint.")] = True,
    reuse: ReuseOption = None,
    aliases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What tags mean; the run keeps a copy. See docs/formats.md."),
    ] = None,
    device: DeviceOption = None,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Say where the time of the stages goes: reading, network, CRF, ..."),
    ] = False,
    cluster: ClusterOption = None,
    processes: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Processes of the cluster that share a training and the pictures."
        ),
    ] = 1,
    as_json: JsonOption = False,
) -> None:
    """Turn tagged pictures into pseudo-labels and a segmentation network."""
    from trainer import commands
    from trainer.machine.stop import stop_on_signals
    from trainer.run.progress import ProgressDisplay

    with stop_on_signals() as stop, ProgressDisplay() as display:
        result = commands.train(
            dataset_root,
            split,
            recipe,
            run_dir,
            stages=stages.split(",") if stages else None,
            overrides=overrides or (),
            resume=resume,
            device=device,
            listeners=(display,),
            stop=stop,
            reuse=reuse or (),
            aliases=aliases,
            is_profiled=profile,
            cluster=cluster,
            processes=processes,
        )
    print_result(result, as_json, f"The run is in {result['run_dir']}.")


@app.command()
def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Folder of masks <id>.png.")],
    gt: Annotated[Path, typer.Option(help="Folder of ground-truth masks, or a dataset.")],
    list_file: Annotated[Path, typer.Option("--list", help="File with picture ids, one per line.")],
    classes: Annotated[
        Path | None,
        typer.Option(
            help="File with the classes in index order, or voc for the twenty of PASCAL VOC. By default "
            "the class file beside the masks or the ground truth."
        ),
    ] = None,
    absent_as_zero: Annotated[
        bool,
        typer.Option("--absent-as-zero", help="Count absent classes as zero, as the 2021 reference does."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the mean IoU of a folder of masks."""
    from trainer import commands

    result = commands.evaluate(
        predictions, gt, list_file, classes_file=classes, absent="zero" if absent_as_zero else "skip"
    )
    lines = [
        f"{name:<16} {'absent' if iou is None else format(100 * iou, '.2f')}"
        for name, iou in result["per_class"].items()
    ]
    miou = "nothing could be measured" if result["miou"] is None else f"{100 * result['miou']:.2f}"
    print_result(result, as_json, "\n".join([*lines, f"mean IoU of {result['pictures']} pictures: {miou}"]))


@app.command("evaluate-instances")
def evaluate_instances(
    run_dir: Annotated[Path, typer.Argument(help="Run directory, trained with affinity.displacement.")],
    gt: Annotated[
        Path, typer.Option(help="The run's dataset, with SegmentationClass and SegmentationObject.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Measure the average precision of a run's instances, by the IoU of their masks."""
    from trainer import commands

    result = commands.evaluate_instances(run_dir, gt)
    lines = [
        f"class {index:<4} AP50 {100 * one['ap50']:.2f}  AP70 {100 * one['ap70']:.2f}"
        for index, one in result["per_class"].items()
    ]
    mean = (
        f"{result['pictures']} pictures, {result['objects']} objects: AP50 {100 * result['ap50']:.2f}, "
        f"AP70 {100 * result['ap70']:.2f}"
        if result["objects"]
        else f"{result['pictures']} pictures have no objects, so nothing could be measured"
    )
    print_result(result, as_json, "\n".join([*lines, mean]))


@app.command()
def report(run_dir: Annotated[Path, typer.Argument(help="Run directory.")]) -> None:
    """Write a self-contained HTML page about a run."""
    from trainer import commands

    typer.echo(f"The report is {commands.report(run_dir)}.")


@app.command()
def figures(
    run_dir: Annotated[Path, typer.Argument(help="Run directory.")],
    out: Annotated[Path, typer.Option(help="Folder for the figures.")],
    baseline: Annotated[
        Path | None, typer.Option(help="Run of a conventional classifier, for figure 1.")
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(help="Another run for figure 3, or a folder written by ablate; repeatable."),
    ] = None,
    pictures: Annotated[int, typer.Option(min=1, max=24, help="Pictures per figure.")] = 4,
    as_json: JsonOption = False,
) -> None:
    """Draw figures 1, 3 and 4 of the paper for a run, as SVG and PNG."""
    from trainer import commands

    result = commands.figures(
        run_dir, out, baseline=baseline, compare=tuple(compare or ()), pictures=pictures
    )
    print_result(result, as_json, "\n".join([*result["files"], *result["notes"]]))


@recipes_app.callback(invoke_without_command=True)
def recipes(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the shipped recipes."""
    from trainer import commands

    if context.invoked_subcommand is None:
        known = commands.recipes()
        print_result(known, as_json, "\n".join(f"{row['name']:<18} {row['description']}" for row in known))


@recipes_app.command("show")
def show_recipe(name: Annotated[str, typer.Argument(help="Name of a recipe.")]) -> None:
    """Print a recipe, including its comments."""
    from trainer import commands

    typer.echo(commands.show_recipe(name), nl=False)


@app.command()
def bench(
    name: Annotated[
        str, typer.Argument(help="random-walk, crf, cam, train-step, evaluate, all of them, or zero-shot.")
    ] = "all",
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Run the dense random walk on the whole grid. This takes minutes and gigabytes."
        ),
    ] = False,
    dataset_root: Annotated[
        Path | None,
        typer.Option(help="zero-shot: dataset with ground-truth masks and a class file such as labels.txt."),
    ] = None,
    split: Annotated[str, typer.Option(help="zero-shot: split to measure.")] = "train",
    limit: Annotated[
        int | None, typer.Option(min=1, help="zero-shot: measure N evenly spaced pictures only.")
    ] = None,
    source: Annotated[
        str, typer.Option(help="zero-shot: imagenet, clip, or clip-es for pictures with all their tags.")
    ] = "imagenet",
    backbone: Annotated[
        str, typer.Option(help="zero-shot: lite0, or lite2 if its weights are installed; of imagenet.")
    ] = "lite0",
    clip_weights: Annotated[
        Path | None,
        typer.Option(
            envvar="PUZZLECAM_CLIP_WEIGHTS",
            help="zero-shot: file with the weights of CLIP; the published ones by default.",
        ),
    ] = None,
    clip_sha256: Annotated[
        str | None,
        typer.Option(
            envvar="PUZZLECAM_CLIP_SHA256", help="zero-shot: SHA-256 that the weights of CLIP must have."
        ),
    ] = None,
    clip_network: Annotated[
        str,
        typer.Option(
            envvar="PUZZLECAM_CLIP_NETWORK",
            help="zero-shot: network of the weights, as open_clip names it; ViT-B-16 for LAION's.",
        ),
    ] = "ViT-B-16-quickgelu",
    as_json: JsonOption = False,
) -> None:
    """Compare the fast implementations with plain ones of the reference's arithmetic, in one run.

    bench zero-shot instead measures pseudo-masks that are made without training, on a dataset with masks.
    """
    if name == "zero-shot":
        from trainer import commands

        figures, text = commands.bench_zero_shot(
            dataset_root,
            split,
            source,
            limit=limit,
            backbone=backbone,
            clip_weights=clip_weights,
            clip_sha256=clip_sha256,
            clip_network=clip_network,
            show_progress=not as_json,
        )
        print_result(figures, as_json, text)
        return
    from trainer.benchmarks.runner import as_text, machine, run_benchmarks

    rows = run_benchmarks(name, is_full=full)
    facts = machine()
    print_result({"machine": facts, "rows": [row.as_json() for row in rows]}, as_json, as_text(facts, rows))


def main() -> int:
    """Run a command.

    Returns:
        The exit code: 0 if all went well, else that of the failure, see `trainer.contract.FailureCode`, or 3
        after SIGTERM.
    """
    code = _run()
    _drop_unwritable_output()
    return code


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except TrainerError as error:
        _print_error(f"{error}\n")
        return error.exit_code
    except Exception as error:
        _print_error(traceback.format_exc())
        return failure_code(error).exit_code
    return EXIT_GOOD


def _drop_unwritable_output() -> None:
    """Python ends with 120 instead of the exit code if it cannot write what is left of the output."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _print_error(text: str) -> None:
    with contextlib.suppress(OSError):  # the output may be a file on a full disk; the exit code counts
        typer.echo(text, err=True, nl=False)
