"""Corrections teach: correct some pictures, train again, and measure the masks of pictures nobody touched."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from trainer import pipeline
from trainer.cams.signals import SIGNALS, doubts, spearman
from trainer.config import Recipe
from trainer.contract import AFFINITY, CAMS, CLASSIFY, PIXELS, REFINE
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.errors import TrainerUsageError
from trainer.machine.durable_write import write_atomic
from trainer.masks.evaluation import evaluate_masks
from trainer.run.directory import RunDir
from trainer.run.events import Listener
from trainer.run.map_storage import load_maps
from trainer.studies.simulate.annotator import class_ious
from trainer.studies.teaching.corrections import Correction, correct_pictures
from trainer.studies.teaching.data import SPLIT, write_taught_dataset
from trainer.studies.teaching.figures import teaching_plot, teaching_table
from trainer.studies.teaching.plan import TeachingConfig, TeachingPlan, check_enough, plan_corrections

STAGES = (CLASSIFY, CAMS, AFFINITY, PIXELS, REFINE)


def run_teaching(
    recipe: Recipe,
    dataset_root: Path | str,
    split: str,
    out: Path | str,
    config: TeachingConfig,
    *,
    reuse: Sequence[Path] = (),
    device: str | None = None,
    workers: int | None = None,
    listeners: tuple[Listener, ...] = (),
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Train without corrections, correct what each order asks for, and train again for each point.

    Cut off, it goes on where it stopped. `<out>/seed<n>/` holds `before/` (0 corrections), `corrected/` (the
    annotator's masks, each made once for all orders) and `<order>-<count>/`; of these and `before`, `run` is
    an ordinary run directory and `data` the dataset it was trained on. Corrected masks count as truth in
    training, as those that people accept do. The figures are the mean IoU of the pseudo-labels on the
    pictures that no order touches at any point: the same pictures for all.

    Args:
        recipe: of every training; its stages up to the pseudo-labels are run.
        dataset_root, split: pictures with tags and ground truth.
        out: folder for everything.
        config: points, orders, seeds and annotator.
        reuse, device: see `trainer.pipeline.run`.
        workers: processes for the corrections; None takes all cores.
        listeners: are called with every event of the runs.
        advance: is called with pictures corrected and to correct of a seed.

    Returns:
        What `teaching_table` reads; also stored as loop.json, loop.md and loop.svg in `out`.

    Raises:
        TrainerUsageError: too few pictures can be corrected and measured, or the recipe does not use
            accepted masks.
        TrainerError: see `trainer.pipeline.run`.
    """
    if not recipe.use_accepted:
        raise TrainerUsageError(
            f"Recipe {recipe.name} does not use accepted masks, so corrections could not teach it anything; "
            f"leave out --set use_accepted=false."
        )
    out, dataset, truth = Path(out), open_dataset(dataset_root, split), GroundTruth(dataset_root)
    known = [image for image in dataset.images if image.tags and truth.has(image.id)]
    check_enough(len(known), config)
    seeds = [
        _Seed(recipe, dataset, truth, known, out, config, seed, reuse, device, listeners).run(
            workers, advance
        )
        for seed in config.seeds
    ]
    result = _summary(recipe, split, config, seeds)
    write_atomic(out / "loop.json", json.dumps(result, indent=2).encode())
    write_atomic(out / "loop.md", teaching_table(result).encode())
    write_atomic(out / "loop.svg", teaching_plot(result).encode())
    return result


class _Seed:
    """The loop with one seed."""

    def __init__(
        self,
        recipe: Recipe,
        dataset: TaggedDataset,
        truth: GroundTruth,
        known: Sequence[TaggedImage],
        out: Path,
        config: TeachingConfig,
        seed: int,
        reuse: Sequence[Path],
        device: str | None,
        listeners: tuple[Listener, ...],
    ) -> None:
        self._recipe = recipe.model_copy(update={"seed": seed})
        self._dataset, self._truth, self._known = dataset, truth, known
        self._out, self._config, self._seed = out / f"seed{seed}", config, seed
        self._reuse, self._device, self._listeners = tuple(reuse), device, listeners

    def run(self, workers: int | None, advance: Callable[[int, int], None]) -> dict[str, Any]:
        before = self._trained("before", ())
        # A picture that could not be read has no pseudo-label; the log of the run says so.
        self._known = [image for image in self._known if before.pseudo_path(image.id).is_file()]
        doubt = self._doubts(before)
        plan = plan_corrections([image.id for image in self._known], doubt, self._config, self._seed)
        asked = {name for queue in plan.queues.values() for name in queue}
        corrections = correct_pictures(
            [image for image in self._known if image.id in asked],
            self._truth,
            before,
            self._out / "corrected",
            target=self._config.target,
            max_clicks=self._config.max_clicks,
            workers=workers,
            advance=advance,
        )
        at_zero = self._measured(before, plan)
        curves = {
            order: [self._point(order, count, plan, corrections, at_zero) for count in self._config.points]
            for order in self._config.orders
        }
        return {
            "seed": self._seed,
            "rest": len(plan.rest),
            "signals": self._correlations(before, doubt),
            "curves": curves,
        }

    def _point(
        self,
        order: str,
        count: int,
        plan: TeachingPlan,
        corrections: dict[str, Correction],
        at_zero: float,
    ) -> dict[str, Any]:
        chosen = [corrections[name] for name in plan.queues[order][:count]]
        miou = at_zero
        if count:
            run = self._trained(f"{order}-{count}", tuple(one.id for one in chosen))
            miou = self._measured(run, plan)
        return {
            "corrected": count,
            "miou": miou,
            "clicks": sum(one.clicks for one in chosen),
            "painted": sum(one.is_painted for one in chosen),
            "hours": round(sum(one.seconds for one in chosen) / 3600, 3),
            "before": round(100 * statistics.fmean(one.before for one in chosen), 2) if chosen else None,
            "after": round(100 * statistics.fmean(one.after for one in chosen), 2) if chosen else None,
        }

    def _trained(self, name: str, corrected: tuple[str, ...]) -> RunDir:
        # Tags and pictures are the same for all points: what no accepted mask decides is made once.
        before = self._out / "before"
        folder = self._out / name
        data = folder / "data"
        write_taught_dataset(self._dataset, self._truth, data, self._out / "corrected", corrected)
        return pipeline.run(
            self._recipe,
            data,
            SPLIT,
            folder / "run",
            STAGES,
            device=self._device,
            listeners=self._listeners,
            reuse=self._reuse if folder == before else (before / "run", *self._reuse),
        )

    def _measured(self, run: RunDir, plan: TeachingPlan) -> float:
        """Mean IoU in percent of the pseudo-labels of untouched pictures, pooled over all their pixels."""
        found = evaluate_masks(
            plan.rest,
            run.pseudo_path,
            self._truth,
            self._dataset.class_count + 1,
            absent=self._recipe.evaluate.absent_classes,
        )
        return round(100.0 * found.honest.miou, 4)

    def _doubts(self, run: RunDir) -> dict[str, dict[str, float]]:
        """By signal and id, from the maps that the masks of a run were made from."""
        found: dict[str, dict[str, float]] = {name: {} for name in SIGNALS}
        for image in self._known:
            maps_khw = load_maps(run.final_path(image.id)).maps_khw
            for name, value in doubts(maps_khw, self._recipe.refine.background_threshold).items():
                found[name][image.id] = value
        return found

    def _correlations(self, run: RunDir, doubt: dict[str, dict[str, float]]) -> dict[str, float | None]:
        """Of every signal with one minus the mean IoU of a picture's mask, over all pictures."""
        wrong = []
        for image in self._known:
            ious = class_ious(read_mask(run.pseudo_path(image.id)), self._truth.mask(image.id))
            wrong.append(1.0 - statistics.fmean(ious.values()))
        found = {
            name: spearman([by_id[image.id] for image in self._known], wrong) for name, by_id in doubt.items()
        }
        return {name: None if value is None else round(value, 3) for name, value in found.items()}


def _summary(
    recipe: Recipe, split: str, config: TeachingConfig, seeds: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    curves = {}
    for order in config.orders:
        points = []
        for number, count in enumerate(config.points):
            each = [one["curves"][order][number] for one in seeds]
            values = [one["miou"] for one in each]
            points.append(
                {
                    "corrected": count,
                    "values": values,
                    "mean": round(statistics.fmean(values), 4),
                    "spread": round(statistics.stdev(values), 4) if len(values) > 1 else 0.0,
                    "hours": round(statistics.fmean(one["hours"] for one in each), 3),
                    "clicks": round(statistics.fmean(one["clicks"] for one in each), 1),
                    "painted": round(statistics.fmean(one["painted"] for one in each), 1),
                    "before": _mean(one["before"] for one in each),
                    "after": _mean(one["after"] for one in each),
                }
            )
        curves[order] = points
    return {
        "recipe": recipe.name,
        "split": split,
        "points": list(config.points),
        "orders": list(config.orders),
        "seeds": list(config.seeds),
        "target": config.target,
        "max_clicks": config.max_clicks,
        "rest": [one["rest"] for one in seeds],
        "signals": [one["signals"] for one in seeds],
        "curves": curves,
    }


def _mean(values: Iterable[float | None]) -> float | None:
    """None where nothing was corrected."""
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 2) if known else None
