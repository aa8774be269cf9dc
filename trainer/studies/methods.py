"""Table 3 of the paper: several systems on the same pictures, with the same recipe and seeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict

from trainer.classify_config import ClassifyMethod
from trainer.config import Recipe
from trainer.contract import CLASSIFY, SEGMENT, STAGES, EventKind, Measured, Metrics, MetricsRow
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.errors import TrainerUsageError
from trainer.machine.durable_write import write_atomic
from trainer.reports.charts import Bar, bar_chart
from trainer.run.directory import RunDir
from trainer.run.events import read_events
from trainer.studies.over_seeds import Figures, over_seeds
from trainer.studies.training import Part, Training
from trainer.training.requirements import check_methods, saliency_deviation

OUTPUTS = (Measured.CAM, Measured.WALK, Measured.PSEUDO, Measured.SEGMENTATION)
"""What is measured of each system, in the order in which it is made."""


@dataclass(frozen=True)
class System:
    """A row of the table: the methods that its run trains, and what the paper's Table 3 says of it.

    Attributes:
        name: as `--methods` names it.
        title: as the table names it.
        classify: `classify.method` of its runs.
        affinity: `affinity.method` of its runs.
        published: mean IoU in percent on VOC 2012 val and its backbone; None if Table 3 does not have it.
        segment: `segment.method` of its runs.
    """

    name: str
    title: str
    classify: ClassifyMethod
    affinity: Literal["irn", "psa"]
    published: str | None
    segment: Literal["labels", "dsrg"] = "labels"

    def recipe(self, recipe: Recipe, seed: int) -> Recipe:
        """The recipe with this system's methods and a seed."""
        classify = recipe.classify.model_copy(update={"method": self.classify})
        affinity = recipe.affinity.model_copy(update={"method": self.affinity})
        segment = recipe.segment.model_copy(update={"method": self.segment})
        return recipe.model_copy(
            update={"classify": classify, "affinity": affinity, "segment": segment, "seed": seed}
        )


SYSTEMS = (
    System("plain", "CAM, walk along IRNet's edges", "plain", "irn", None),
    System("affinitynet", "AffinityNet", "plain", "psa", "61.7 (Wide-ResNet-38)"),
    System("seam", "SEAM, walk along IRNet's edges", "seam", "irn", None),
    System("seam-affinitynet", "SEAM", "seam", "psa", "64.5 (Wide-ResNet-38)"),
    System("dsrg", "DSRG", "plain", "irn", "61.4 (ResNet-101, saliency)", "dsrg"),
    System("seenet", "SeeNet, walk along IRNet's edges", "seenet", "irn", "63.1 (ResNet-101, saliency)"),
    System("ficklenet", "FickleNet", "ficklenet", "irn", "64.9 (ResNet-101, saliency)", "dsrg"),
    System("icd", "ICD, walk along IRNet's edges", "icd", "irn", "64.1 (ResNet-101)"),
    System("puzzle", "Puzzle-CAM", "puzzle", "irn", "66.9 (ResNeSt-101)"),
)
"""The systems that can be compared. SEAM was published with the walk of AffinityNet, FickleNet with DSRG."""


class Row(TypedDict):
    """A system's figures: mean IoU in percent, seconds of all its stages, the most memory of a training."""

    name: str
    title: str
    published: str | None
    honest: dict[str, Figures | None]
    oracle_cam: Figures
    seconds: Figures
    memory_mb: int


def systems_named(names: Sequence[str]) -> tuple[System, ...]:
    """The systems of these names, in that order.

    Raises:
        TrainerUsageError: there is no name, a name is unknown or given twice.
    """
    known = {system.name: system for system in SYSTEMS}
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) < len(names):
        said = f"no method named {unknown[0]!r}" if unknown else "at least one method, each once"
        start = "There is" if unknown else "A comparison needs"
        raise TrainerUsageError(f"{start} {said}; give --methods some of {', '.join(known)}.")
    return tuple(known[name] for name in names)


def run_comparison(
    training: Training,
    dataset_root: Path | str,
    split: str,
    out: Path | str,
    systems: Sequence[System],
    seeds: Sequence[int],
) -> dict[str, Any]:
    """Run every system with every seed, and measure its maps, its masks and its segmentation network.

    If it is interrupted, calling it again continues. `<out>/<system>-seed<n>` are ordinary run directories.
    Systems that share stages take them over from the first that has run them. Nothing is chosen by ground
    truth: the thresholds are those of the recipe, the same for all.

    Args:
        training: recipe and execution; the system sets the methods, and the seed is one of `seeds`.
        dataset_root, split: pictures with tags and ground truth.
        out: folder for all runs and results.
        systems: see `systems_named`.
        seeds: one run of each system for each seed.

    Returns:
        {"recipe", "split", "segmentation_split", "seeds", "deviation", "rows"}, rows as `Row`; "deviation" is
        what all systems with saliency lack, or None. Also stored as
        methods.json, methods.md and methods.svg in `out`.

    Raises:
        TrainerUsageError: no seeds are given, a system cannot be trained on this dataset, or nothing could be
            measured.
        DatasetError: no class list says what the indices in the ground truth mean.
        TrainerError: see `trainer.pipeline.run`.
    """
    if not seeds:
        raise TrainerUsageError("A comparison needs at least one seed, better two; use --seeds 0,1.")
    # Refused before hours of training, not after those of the systems before.
    dataset = open_dataset(dataset_root, split)
    GroundTruth.of(dataset)
    for system in systems:
        check_methods(system.recipe(training.recipe, seeds[0]), dataset, STAGES)
    out = Path(out)
    # Systems share stages only if they share the first.
    chains = [
        [system for system in systems if system.classify == method]
        for method in dict.fromkeys(system.classify for system in systems)
    ]
    done = training.run_all(
        [
            [
                Part(
                    replace(training, recipe=system.recipe(training.recipe, seed)),
                    dataset_root,
                    split,
                    out / f"{system.name}-seed{seed}",
                    STAGES,
                )
                for system in chain
            ]
            for seed in seeds
            for chain in chains
        ]
    )
    by_path = {run.path.name: run for chain in done for run in chain}
    runs = {system.name: [by_path[f"{system.name}-seed{seed}"] for seed in seeds] for system in systems}
    result = {
        "recipe": training.recipe.name,
        "split": split,
        "segmentation_split": training.recipe.segment.predict_split,
        "seeds": list(seeds),
        "deviation": _deviation(training.recipe, systems),
        "rows": [_row(system, runs[system.name], f"{dataset_root}, split {split}") for system in systems],
    }
    write_atomic(out / "methods.json", json.dumps(result, indent=2).encode())
    write_atomic(out / "methods.md", methods_table(result).encode())
    write_atomic(out / "methods.svg", methods_plot(result).encode())
    return result


def methods_table(result: dict[str, Any]) -> str:
    """The result as a Markdown table."""
    seeds = ", ".join(map(str, result["seeds"]))
    split, segmentation = result["split"], result["segmentation_split"]
    lines = [
        f"Mean IoU in percent with recipe {result['recipe']}, seeds {seeds} (mean ± sample deviation). Maps "
        f"and masks on {split}, the segmentation network on {segmentation}. Thresholds were fixed "
        "beforehand, except in the column oracle.",
        "",
        "| system | CAM | CAM, oracle | walk | walk + CRF | segmentation | seconds | MB | paper, VOC val |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        cam, *masks = (_cell(row["honest"][output]) for output in OUTPUTS)
        cells = [
            row["title"],
            cam,
            _cell(row["oracle_cam"]),
            *masks,
            f"{row['seconds']['mean']:.0f}",
            str(row["memory_mb"]),
            row["published"] or "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "The figures of the paper are for orientation only: pictures, backbone and crops differ.",
    ]
    if result["deviation"]:
        lines += ["", result["deviation"]]
    return "\n".join(lines) + "\n"


def methods_plot(result: dict[str, Any]) -> str:
    """The pseudo-labels of each system as an SVG bar chart with a dot for each seed."""
    figures = [(row["name"], row["honest"][Measured.PSEUDO]) for row in result["rows"]]
    bars = [Bar(name, one["mean"], tuple(one["values"])) for name, one in figures if one]
    return bar_chart(bars, title="Pseudo-labels, mean IoU in percent")


def _deviation(recipe: Recipe, systems: Sequence[System]) -> str | None:
    """What the systems that were published with saliency maps lack, if any."""
    recipes = [system.recipe(recipe, recipe.seed) for system in systems]
    said = (saliency_deviation(one, stage) for one in recipes for stage in (CLASSIFY, SEGMENT))
    return next((sentence for sentence in said if sentence), None)


def _cell(figures: Figures | None) -> str:
    return "" if figures is None else f"{figures['mean']:.2f} ± {figures['spread']:.2f}"


def _row(system: System, runs: Sequence[RunDir], measured_on: str) -> Row:
    found = [_metrics(run) for run in runs]
    if any(Measured.CAM not in one for one in found):
        raise TrainerUsageError(
            f"There is no ground truth to measure with in {measured_on}; choose a dataset with "
            "SegmentationClass."
        )
    honest: dict[str, Figures | None] = {}
    for output in OUTPUTS:
        values = [_percent(one[output]["honest"]["miou"]) for one in found if output in one]
        honest[output] = over_seeds(values) if len(values) == len(found) else None
    oracle = [one[Measured.CAM]["oracle"] for one in found]
    return {
        "name": system.name,
        "title": system.title,
        "published": system.published,
        "honest": honest,
        "oracle_cam": over_seeds([_percent(score["miou"]) for score in oracle if score is not None]),
        "seconds": over_seeds([_seconds(run) for run in runs]),
        "memory_mb": max((_memory_mb(run) for run in runs), default=0),
    }


def _metrics(run: RunDir) -> dict[str, MetricsRow]:
    metrics: Metrics = json.loads(run.metrics_path.read_text(encoding="utf-8"))
    return {row["name"]: row for row in metrics["rows"]}


def _percent(miou: float | None) -> float:
    return float("nan") if miou is None else 100.0 * miou


def _seconds(run: RunDir) -> float:
    """Time of all stages, also of those that were taken over from another run."""
    records = (run.record(stage) for stage in STAGES)
    return sum(float(record.summary.get("seconds", 0.0)) for record in records if record is not None)


def _memory_mb(run: RunDir) -> int:
    """The most that a training of the run held, also one that was taken over from another run."""
    return max(_held(run), default=0)


def _held(run: RunDir) -> Iterator[int]:
    for event in read_events(run.events_path):
        if event["kind"] == EventKind.STEP:
            yield int(event["memory_mb"])
        elif "taken_from" in event:
            yield from _held(RunDir(Path(event["taken_from"])))
