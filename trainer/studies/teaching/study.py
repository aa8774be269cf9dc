"""What corrections teach: correct some pictures, train again, and measure the masks of all others."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.cams.signals import SIGNALS, doubts, spearman
from trainer.contract import AFFINITY, CAMS, CLASSIFY, PIXELS, REFINE
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.errors import TrainerUsageError
from trainer.machine.durable_write import write_atomic
from trainer.masks.evaluation import evaluate_masks
from trainer.run.directory import RunDir
from trainer.run.map_storage import load_maps
from trainer.studies.simulate.annotator import class_ious
from trainer.studies.teaching.corrections import Acceptance, Correction, correct_pictures
from trainer.studies.teaching.data import SPLIT, write_taught_dataset
from trainer.studies.teaching.figures import teaching_plot, teaching_table
from trainer.studies.teaching.plan import TeachingConfig, TeachingPlan, check_enough, plan_corrections
from trainer.studies.training import Part, Training

STAGES = (CLASSIFY, CAMS, AFFINITY, PIXELS, REFINE)


def run_teaching(
    training: Training,
    dataset_root: Path | str,
    split: str,
    out: Path | str,
    config: TeachingConfig,
    *,
    workers: int | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Train without corrections, correct pictures in each order, and train again for each point.

    If it is interrupted, calling it again continues. `<out>/seed<n>/` holds `before/` (0 corrections),
    `corrected/` (the annotator's masks, each made once for all orders) and `<order>-<count>/`. In `before`
    and in each of the latter, `run` is an ordinary run directory and `data` the dataset it was trained on.
    Training treats corrected masks as ground truth, like masks that people accept. The figures are
    the mean IoU of the pseudo-labels on the pictures that no order touches at any point, which are the same
    pictures for all points.

    Args:
        training: recipe and execution; runs the stages up to the pseudo-labels, with each seed of `config`.
        dataset_root, split: pictures with tags and ground truth.
        out: folder for all runs and results.
        config: points, orders, seeds and annotator.
        workers: processes for the corrections; None uses all cores.
        advance: called with the numbers of pictures corrected so far and to correct, for each seed.

    Returns:
        The input of `teaching_table`; also stored as loop.json, loop.md and loop.svg in `out`.

    Raises:
        TrainerUsageError: too few pictures can be corrected and measured, or the recipe does not use
            accepted masks.
        TrainerError: see `trainer.pipeline.run`.
    """
    if not training.recipe.use_accepted:
        raise TrainerUsageError(
            f"Recipe {training.recipe.name} does not use accepted masks, so that it cannot learn from "
            f"corrections; leave out --set use_accepted=false."
        )
    out, dataset = Path(out), open_dataset(dataset_root, split)
    truth = GroundTruth.of(dataset)
    known = tuple(image for image in dataset.images if image.tags and truth.has(image.id))
    check_enough(len(known), config)
    pictures = _Pictures(dataset, truth, known)
    seeds = [
        _Seed(training.with_recipe(seed=seed), pictures, out / f"seed{seed}", config) for seed in config.seeds
    ]
    befores = training.run_all([[one.before()] for one in seeds])
    for one, (before,) in zip(seeds, befores, strict=True):
        one.correct(before, workers, advance)
    points = [one.points() for one in seeds]
    runs = iter(training.run_all([[part] for parts in points for part in parts]))
    found = [one.measured([next(runs)[0] for _ in parts]) for one, parts in zip(seeds, points, strict=True)]
    result = _summary(training.recipe.name, split, config, found)
    write_atomic(out / "loop.json", json.dumps(result, indent=2).encode())
    write_atomic(out / "loop.md", teaching_table(result).encode())
    write_atomic(out / "loop.svg", teaching_plot(result).encode())
    return result


@dataclass(frozen=True)
class _Pictures:
    """What the study works on: `known` are the pictures of the dataset with tags and ground truth."""

    dataset: TaggedDataset
    truth: GroundTruth
    known: Sequence[TaggedImage]


class _Seed:
    """The study with one seed, which is that of the training's recipe."""

    def __init__(self, training: Training, pictures: _Pictures, out: Path, config: TeachingConfig) -> None:
        self._training, self._recipe, self._seed = training, training.recipe, training.recipe.seed
        self._dataset, self._truth, self._known = pictures.dataset, pictures.truth, pictures.known
        self._out, self._config = out, config

    def before(self) -> Part:
        """The run without corrections."""
        return self._part("before", ())

    def correct(self, before: RunDir, workers: int | None, advance: Callable[[int, int], None]) -> None:
        """Plan which pictures of the first run are corrected, and correct them."""
        # A picture that could not be read has no pseudo-label; the log of the run says so.
        self._known = [image for image in self._known if before.pseudo_path(image.id).is_file()]
        doubt = self._doubts(before)
        self._plan = plan_corrections([image.id for image in self._known], doubt, self._config, self._seed)
        asked = {name for queue in self._plan.queues.values() for name in queue}
        self._corrections = correct_pictures(
            [image for image in self._known if image.id in asked],
            self._truth,
            before,
            self._out / "corrected",
            Acceptance(self._config.target, self._config.max_clicks),
            workers=workers,
            advance=advance,
        )
        self._at_zero = self._measured(before, self._plan)
        self._signals = self._correlations(before, doubt)

    def points(self) -> list[Part]:
        """The runs with corrections, in the order of `measured`."""
        return [
            self._part(f"{order}-{count}", tuple(one.id for one in self._chosen(order, count)))
            for order in self._config.orders
            for count in self._config.points
            if count
        ]

    def measured(self, runs: Sequence[RunDir]) -> dict[str, Any]:
        """The figures of the seed, from the runs with corrections."""
        each = iter(runs)
        curves = {
            order: [self._point(order, count, next(each) if count else None) for count in self._config.points]
            for order in self._config.orders
        }
        return {
            "seed": self._seed,
            "rest": len(self._plan.rest),
            "signals": self._signals,
            "curves": curves,
        }

    def _chosen(self, order: str, count: int) -> list[Correction]:
        return [self._corrections[name] for name in self._plan.queues[order][:count]]

    def _point(self, order: str, count: int, run: RunDir | None) -> dict[str, Any]:
        chosen = self._chosen(order, count)
        return {
            "corrected": count,
            "miou": self._at_zero if run is None else self._measured(run, self._plan),
            "clicks": sum(one.clicks for one in chosen),
            "painted": sum(one.is_painted for one in chosen),
            "hours": round(sum(one.seconds for one in chosen) / 3600, 3),
            "before": round(100 * statistics.fmean(one.before for one in chosen), 2) if chosen else None,
            "after": round(100 * statistics.fmean(one.after for one in chosen), 2) if chosen else None,
        }

    def _part(self, name: str, corrected: tuple[str, ...]) -> Part:
        # Tags and pictures are the same for all points, so stages without accepted masks run once.
        before = self._out / "before"
        folder = self._out / name
        data = folder / "data"
        write_taught_dataset(self._dataset, self._truth, data, self._out / "corrected", corrected)
        reuse = () if folder == before else (before / "run",)
        return Part(self._training, data, SPLIT, folder / "run", STAGES, reuse)

    def _measured(self, run: RunDir, plan: TeachingPlan) -> float:
        """Return the mean IoU in percent of the untouched pictures' pseudo-labels, pooled over all pixels."""
        found = evaluate_masks(
            plan.rest,
            run.pseudo_path,
            self._truth,
            self._dataset.class_count + 1,
            absent=self._recipe.evaluate.absent_classes,
        )
        return round(100.0 * found.honest.miou, 4)

    def _doubts(self, run: RunDir) -> dict[str, dict[str, float]]:
        """Return the doubt by signal and id, from the maps that the masks of a run were made from."""
        found: dict[str, dict[str, float]] = {name: {} for name in SIGNALS}
        for image in self._known:
            maps_khw = load_maps(run.final_path(image.id)).maps_khw
            for name, value in doubts(maps_khw, self._recipe.refine.background_threshold).items():
                found[name][image.id] = value
        return found

    def _correlations(self, run: RunDir, doubt: dict[str, dict[str, float]]) -> dict[str, float | None]:
        """Return the rank correlation of each signal with 1 - mean IoU of the pictures' masks."""
        wrong = []
        for image in self._known:
            ious = class_ious(read_mask(run.pseudo_path(image.id)), self._truth.mask(image.id))
            wrong.append(1.0 - statistics.fmean(ious.values()))
        found = {
            name: spearman([by_id[image.id] for image in self._known], wrong) for name, by_id in doubt.items()
        }
        return {name: None if value is None else round(value, 3) for name, value in found.items()}


def _summary(
    recipe: str, split: str, config: TeachingConfig, seeds: Sequence[dict[str, Any]]
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
        "recipe": recipe,
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
    """Return the mean of the known values; None if nothing was corrected."""
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 2) if known else None
