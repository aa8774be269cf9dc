"""Table 1 of the paper: the same classifier with and without each loss term, over several seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.contract import CAMS, CLASSIFY, EVALUATE
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.errors import TrainerUsageError
from trainer.machine.durable_write import write_atomic
from trainer.reports.charts import Bar, bar_chart
from trainer.run.directory import RunDir
from trainer.studies.over_seeds import over_seeds
from trainer.studies.training import Part, Training

STAGES = (CLASSIFY, CAMS, EVALUATE)


@dataclass(frozen=True)
class Variant:
    """A row of the table: its loss terms, and the paper's mean IoU in percent (ResNet-50, VOC 2012 train)."""

    name: str
    title: str
    tile_classification: bool
    reconstruction: bool
    paper_miou: float


VARIANTS = (
    Variant("cls", "L_cls", False, False, 47.82),
    Variant("cls-pcls", "L_cls + L_p-cls", True, False, 47.70),
    Variant("cls-re", "L_cls + L_re", False, True, 49.21),
    Variant("all", "L_cls + L_p-cls + L_re", True, True, 51.53),
)


def run_ablation(
    training: Training, dataset_root: Path | str, split: str, out: Path | str, seeds: Sequence[int]
) -> dict[str, Any]:
    """Train every variant with every seed up to its CAMs, and measure them.

    If it is interrupted, calling it again continues. `<out>/<variant>-seed<n>` are ordinary run directories.

    Args:
        training: recipe and execution; the variant sets the loss terms, and the seed is one of `seeds`.
        dataset_root, split: pictures with tags and ground truth.
        out: folder for all runs and results.
        seeds: one run of each variant for each seed.

    Returns:
        {"recipe", "split", "seeds", "rows": [{"name", "title", "paper", "honest", "oracle"}]} in percent;
        "honest" and "oracle" are {"values": by seed, "mean", "spread"}. The spread is the sample standard
        deviation (0 for one seed). Also stored as ablation.json, ablation.md and ablation.svg in `out`.

    Raises:
        TrainerUsageError: no seeds are given, or the dataset has no ground truth to measure with.
        DatasetError: no class list says what the indices in the ground truth mean.
        TrainerError: see `trainer.pipeline.run`.
    """
    if not seeds:
        raise TrainerUsageError(
            "An ablation needs at least one seed, better two; name them with --seeds 0,1."
        )
    GroundTruth.of(open_dataset(dataset_root, split))  # refused before hours of training
    out = Path(out)
    parts = [
        Part(
            _variant_of(training, variant, seed),
            dataset_root,
            split,
            out / f"{variant.name}-seed{seed}",
            STAGES,
        )
        for variant in VARIANTS
        for seed in seeds
    ]
    runs = iter(training.run_all([[part] for part in parts]))
    missing = f"{dataset_root} has no ground-truth masks for split {split}"
    rows = []
    for variant in VARIANTS:
        scores = [_miou(next(runs)[0], missing) for _ in seeds]
        kinds = {kind: over_seeds([score[kind] for score in scores]) for kind in ("honest", "oracle")}
        rows.append({"name": variant.name, "title": variant.title, "paper": variant.paper_miou, **kinds})
    result = {"recipe": training.recipe.name, "split": split, "seeds": list(seeds), "rows": rows}
    write_atomic(out / "ablation.json", json.dumps(result, indent=2).encode())
    write_atomic(out / "ablation.md", ablation_table(result).encode())
    write_atomic(out / "ablation.svg", ablation_plot(result).encode())
    return result


def ablation_table(result: dict[str, Any]) -> str:
    """Return the result as a Markdown table."""
    lines = [
        f"CAM quality on {result['split']} with recipe {result['recipe']}, mean IoU in percent over seeds "
        f"{', '.join(map(str, result['seeds']))} (mean ± sample deviation).",
        "",
        "| losses | honest | oracle | paper |",
        "|---|---|---|---|",
    ]
    for row in result["rows"]:
        figures = (f"{row[kind]['mean']:.2f} ± {row[kind]['spread']:.2f}" for kind in ("honest", "oracle"))
        lines.append(f"| {row['title']} | {' | '.join(figures)} | {row['paper']:.2f} |")
    lines += [
        "",
        "Paper: ResNet-50 on 10,582 pictures of VOC 2012, for orientation only; data and backbone differ.",
    ]
    return "\n".join(lines) + "\n"


def ablation_plot(result: dict[str, Any]) -> str:
    """Return the honest figures as an SVG bar chart with a dot for each seed."""
    bars = [
        Bar(row["title"], row["honest"]["mean"], tuple(row["honest"]["values"])) for row in result["rows"]
    ]
    return bar_chart(bars, title="CAM quality, honest mean IoU in percent")


def _variant_of(training: Training, variant: Variant, seed: int) -> Training:
    classify = training.recipe.classify
    loss = classify.loss.model_copy(
        update={
            "tile_classification": variant.tile_classification,
            "reconstruction": variant.reconstruction,
        }
    )
    return training.with_recipe(classify=classify.model_copy(update={"loss": loss}), seed=seed)


def _miou(run: RunDir, missing: str) -> dict[str, float]:
    """Return the mean IoU of a run's CAMs in percent; `missing` explains why there is none."""
    rows = json.loads(run.metrics_path.read_text(encoding="utf-8"))["rows"]
    cam = next((row for row in rows if row["name"] == "cam"), None)
    if cam is None:
        raise TrainerUsageError(
            f"{missing}, so that variants cannot be compared; choose a dataset with SegmentationClass."
        )
    return {kind: 100.0 * cam[kind]["miou"] for kind in ("honest", "oracle")}
