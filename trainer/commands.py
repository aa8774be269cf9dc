"""The commands of the trainer as plain functions, without parsing arguments and printing."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer import pipeline
from trainer.cluster.connection import Cluster, open_cluster
from trainer.contract import EventKind
from trainer.errors import TrainerUsageError
from trainer.machine.stop import StopSignal
from trainer.masks.evaluation import AbsentClasses
from trainer.masks.instance_evaluation import evaluate_instances as measure_instances
from trainer.masks.mask_folders import evaluate_folder
from trainer.recipes import load_recipe, recipe_names, recipe_path
from trainer.reports.report import write_report
from trainer.run.directory import RunDir
from trainer.run.events import Listener
from trainer.studies.ablation import run_ablation
from trainer.studies.methods import run_comparison, systems_named
from trainer.studies.training import Training


def train(
    dataset_root: Path,
    split: str,
    recipe: str,
    run_dir: Path,
    *,
    stages: Sequence[str] | None = None,
    overrides: Sequence[str] = (),
    resume: bool = True,
    device: str | None = None,
    listeners: tuple[Listener, ...] = (),
    stop: StopSignal | None = None,
    reuse: Sequence[Path] = (),
    aliases: Path | None = None,
    is_profiled: bool = False,
    cluster: str | None = None,
    processes: int = 1,
) -> dict[str, Any]:
    """Run a recipe. Arguments and errors: see `trainer.pipeline.run`; overrides: see `load_recipe`.

    Args:
        cluster, processes: address of a Ray cluster and how many of its processes share the work, see
            `trainer.cluster.connection.open_cluster`; None works on this machine.

    Returns:
        {"run_dir", "recipe", "stages": {name: {"status", "seconds", ...}}, "metrics": rows of metrics.json}.
    """
    if cluster is None and processes > 1:
        raise TrainerUsageError(
            "--processes needs --cluster ADDRESS; without Ray, start the processes with accelerate launch."
        )
    with _cluster(cluster, device, processes) as shared:
        directory = pipeline.run(
            load_recipe(recipe, overrides),
            dataset_root,
            split,
            run_dir,
            stages,
            resume,
            device=device,
            listeners=listeners,
            stop=stop,
            reuse=reuse,
            aliases=aliases,
            is_profiled=is_profiled,
            cluster=shared,
        )
    manifest = directory.manifest()
    metrics = []
    if directory.metrics_path.is_file():
        metrics = json.loads(directory.metrics_path.read_text(encoding="utf-8"))["rows"]
    return {
        "run_dir": str(directory.path),
        "recipe": manifest.recipe["name"],
        "stages": {
            name: {"status": record.status, **record.summary} for name, record in manifest.stages.items()
        },
        "metrics": metrics,
    }


def _cluster(
    address: str | None, device: str | None, processes: int | None = None
) -> contextlib.AbstractContextManager[Cluster | None]:
    """The cluster of a command; None if it works on this machine."""
    return contextlib.nullcontext() if address is None else open_cluster(address, processes, device)


def evaluate(
    predictions: Path,
    ground_truth: Path,
    list_file: Path,
    *,
    classes_file: Path | None = None,
    absent: AbsentClasses = "skip",
) -> dict[str, Any]:
    """Score a folder of masks.

    Args:
        predictions: folder of `<id>.png`.
        ground_truth: folder of `<id>.png`, or a dataset with SegmentationClass or masks.
        list_file: file with picture ids, one per line.
        classes_file: class file (`trainer.data.class_files`), or "voc". It may be missing if a class file
            lies beside the masks, as a run writes it, or beside the ground truth.
        absent: what happens to a class in neither truth nor predictions: "skip" leaves it out of the mean,
            "zero" counts it as 0 as the 2021 reference does.

    Returns:
        {"pictures", "miou", "absent_classes", "per_class": {name: IoU in [0, 1] or None}}.

    Raises:
        DatasetError: the list is empty or names a picture without ground truth; no class list says what the
            indices mean, or two of them differ; or the ground truth has no class in it.
        GroundTruthError, EvaluationError: a mask is missing or damaged, has another size than the truth,
            or contains an unknown class index.
    """
    return evaluate_folder(predictions, ground_truth, list_file, classes_file, absent)


def evaluate_instances(run_dir: Path, dataset_root: Path) -> dict[str, Any]:
    """AP50 and AP70 of a run's instances; see `trainer.masks.instance_evaluation.evaluate_instances`."""
    return measure_instances(RunDir(run_dir), dataset_root)


def ablate(
    dataset_root: Path,
    recipe: str,
    out: Path,
    *,
    split: str = "train",
    seeds: Sequence[int] = (0, 1),
    overrides: Sequence[str] = (),
    device: str | None = None,
    listeners: tuple[Listener, ...] = (),
    cluster: str | None = None,
) -> dict[str, Any]:
    """Table 1 of the paper; see `trainer.studies.ablation.run_ablation`."""
    with _cluster(cluster, device) as shared:
        training = Training(load_recipe(recipe, overrides), device, listeners=listeners, cluster=shared)
        return run_ablation(training, dataset_root, split, out, seeds)


def compare_methods(
    dataset_root: Path,
    recipe: str,
    out: Path,
    *,
    methods: Sequence[str],
    split: str = "train",
    seeds: Sequence[int] = (0, 1),
    overrides: Sequence[str] = (),
    device: str | None = None,
    listeners: tuple[Listener, ...] = (),
    cluster: str | None = None,
) -> dict[str, Any]:
    """Table 3 of the paper; see `trainer.studies.methods`."""
    systems = systems_named(methods)
    with _cluster(cluster, device) as shared:
        training = Training(load_recipe(recipe, overrides), device, listeners=listeners, cluster=shared)
        return run_comparison(training, dataset_root, split, out, systems, seeds)


def report(run_dir: Path) -> Path:
    """Write report.html into a run directory; see `trainer.reports.report.write_report`."""
    return write_report(run_dir)


def figures(
    run_dir: Path,
    out: Path,
    *,
    baseline: Path | None = None,
    compare: Sequence[Path] = (),
    pictures: int = 4,
) -> dict[str, Any]:
    """Draw figures 1, 3 and 4 of the paper; see `trainer.reports.figures.paper.write_figures`.

    Returns:
        {"files": paths, "notes": sentences about figures that are missing or incomplete}.
    """
    from trainer.reports.figures.paper import write_figures

    made = write_figures(run_dir, out, baseline=baseline, compare=compare, pictures=pictures)
    return {"files": [str(path) for path in made.files], "notes": list(made.notes)}


def bench_zero_shot(
    dataset_root: Path | None,
    split: str,
    source: str,
    *,
    limit: int | None = None,
    backbone: str = "lite0",
    clip_weights: Path | None = None,
    clip_sha256: str | None = None,
    clip_network: str = "ViT-B-16-quickgelu",
    show_progress: bool = False,
) -> tuple[dict[str, Any], str]:
    """Measure pseudo-masks made without training; the figures, and lines for a terminal.

    Arguments: see `trainer.cams.zero_shot_sources.ZeroShotSource` and `trainer.pretrained.clip.ClipWeights`.

    Raises:
        TrainerUsageError: no dataset is named, or there is no such source.
        DatasetError: no picture has ground truth, or no class list says what the indices in it mean.
        BackboneError, ClipError: weights or their package are missing.
    """
    from trainer.benchmarks.zero_shot import as_text, evenly_spaced, measure
    from trainer.cams.zero_shot_sources import ZeroShotSource, zero_shot_name
    from trainer.data.folder import open_dataset
    from trainer.pretrained.clip import ClipWeights

    if dataset_root is None:
        raise TrainerUsageError(
            "bench zero-shot needs --dataset-root DIR, a dataset with ground-truth masks."
        )
    clip = ClipWeights(clip_weights, clip_sha256, clip_network)
    chosen = ZeroShotSource(zero_shot_name(source), backbone, clip)
    dataset = evenly_spaced(open_dataset(dataset_root, split), limit)
    figures = measure(dataset, source=chosen, show_progress=show_progress)
    return figures.as_json(), as_text(figures, dataset)


def recipes() -> list[dict[str, str]]:
    """Name and description of every shipped recipe."""
    return [{"name": name, "description": load_recipe(name).description} for name in recipe_names()]


def show_recipe(name: str) -> str:
    """The text of a recipe, including its comments.

    Raises:
        TrainerUsageError: there is no recipe of this name.
    """
    return recipe_path(name).read_text(encoding="utf-8")


def simulate(
    dataset_root: Path,
    split: str,
    engine: str,
    *,
    start: str = "zero-shot",
    max_clicks: int = 20,
    jitter: float = 0.0,
    seeds: Sequence[int] = (0,),
    limit: int | None = None,
    cache: Path | None = None,
    cluster: str | None = None,
) -> dict[str, Any]:
    """Simulate an annotator; `engine` is one name, several separated by commas, or "all"."""
    from rich.console import Console
    from rich.progress import Progress

    from trainer.studies.simulate.engines import ENGINES
    from trainer.studies.simulate.simulation import SimulationConfig
    from trainer.studies.simulate.simulation import simulate as run

    names = tuple(ENGINES) if engine == "all" else tuple(name.strip() for name in engine.split(","))
    config = SimulationConfig(names, start, max_clicks, jitter, tuple(seeds), cache)
    console = Console(stderr=True)
    with (
        _cluster(cluster, None) as shared,
        Progress(console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("pictures", total=None)
        return run(
            dataset_root,
            split,
            config,
            limit=limit,
            cluster=shared,
            advance=lambda done, total: progress.update(task, completed=done, total=total),
        )


def simulation_table(result: dict[str, Any]) -> str:
    """The result of `simulate` as a Markdown table."""
    from trainer.studies.simulate.figures import table

    return table(result)


def simulate_loop(
    dataset_root: Path,
    recipe: str,
    out: Path,
    *,
    split: str = "train",
    points: Sequence[int] = (0, 25, 50, 100, 200),
    orders: Sequence[str] = ("random", "undecided"),
    seeds: Sequence[int] = (0,),
    target: float = 0.85,
    max_clicks: int = 10,
    overrides: Sequence[str] = (),
    reuse: Sequence[Path] = (),
    device: str | None = None,
    listeners: tuple[Listener, ...] = (),
    cluster: str | None = None,
) -> dict[str, Any]:
    """Measure what corrections teach; see `trainer.studies.teaching.study.run_teaching`."""
    from trainer.studies.teaching.plan import TeachingConfig
    from trainer.studies.teaching.study import run_teaching

    config = TeachingConfig(tuple(points), tuple(orders), tuple(seeds), target, max_clicks)
    began: list[float] = []  # the trainings before the first correction do not count

    def tell(done: int, total: int) -> None:
        began.append(time.monotonic())
        rate = round((len(began) - 1) / max(1e-3, began[-1] - began[0]), 2)
        for listener in listeners:
            listener(
                {
                    "kind": EventKind.PROGRESS,
                    "stage": "correct",
                    "done": done,
                    "total": total,
                    "images_per_s": rate,
                }
            )

    with _cluster(cluster, device) as shared:
        training = Training(load_recipe(recipe, overrides), device, tuple(reuse), listeners, shared)
        return run_teaching(training, dataset_root, split, out, config, advance=tell)


def teaching_table(result: dict[str, Any]) -> str:
    """The result of `simulate_loop` as Markdown."""
    from trainer.studies.teaching.figures import teaching_table as table

    return table(result)


def simulate_live(
    dataset_root: Path,
    *,
    split: str = "train",
    points: Sequence[int] = (0, 1, 2, 5, 10, 25, 50, 100, 200),
    orders: Sequence[str] = ("score", "random"),
    seeds: Sequence[int] = (0, 1),
    untouched: int = 150,
    pictures: int | None = None,
    model: str = "zero-shot",
    uses_words: bool = True,
    features: str = "imagenet",
    has_clicks: bool = True,
    has_baseline: bool = False,
    target: float = 0.85,
    max_clicks: int = 10,
    out: Path | None = None,
    device: str | None = None,
    cluster: str | None = None,
) -> dict[str, Any]:
    """Measure what the live model learns; see `trainer.studies.live.study.simulate_live`."""
    from rich.console import Console
    from rich.progress import Progress

    from trainer.studies.live.plan import LiveSimulationConfig
    from trainer.studies.live.study import simulate_live as run

    config = LiveSimulationConfig(
        points=tuple(points),
        orders=tuple(orders),
        seeds=tuple(seeds),
        untouched=untouched,
        pictures=pictures,
        has_clicks=has_clicks,
        has_baseline=has_baseline,
        target=target,
        max_clicks=max_clicks,
    )
    console = Console(stderr=True)
    with (
        _cluster(cluster, device) as shared,
        Progress(console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("prepared", total=None)
        return run(
            dataset_root,
            split,
            config,
            out=out,
            model=model,
            uses_words=uses_words,
            features=features,
            device=device,
            cluster=shared,
            advance=lambda what, done, total: progress.update(
                task, description=what, completed=done, total=total
            ),
        )


def live_table(result: dict[str, Any]) -> str:
    """The result of `simulate_live` as Markdown."""
    from trainer.studies.live.figures import live_table as table

    return table(result)
