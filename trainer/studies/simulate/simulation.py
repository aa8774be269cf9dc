"""How many clicks a mask takes: a simulated annotator corrects pictures with one or more engines."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.cluster.actors import map_on_actors
from trainer.cluster.connection import Cluster
from trainer.data.dataset import TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.data.images import read_rgb
from trainer.errors import TrainerUsageError
from trainer.interactive.features import PictureFeatures, load_features
from trainer.interactive.segmenter import ENGINE
from trainer.machine.image_pool import map_images
from trainer.models.proposal import run_model, zero_shot_model
from trainer.studies.simulate.annotator import class_ious, neighbours_taken, next_click
from trainer.studies.simulate.engines import ENGINES, Engine
from trainer.studies.simulate.figures import (
    SECONDS_FULL_MASK,
    SECONDS_PER_CLICK,
    SECONDS_POINTS,
    SECONDS_POLYGON,
    Session,
    clicks_to,
    figures,
)
from trainer.studies.simulate.start import ZERO_SHOT, CachedStarts, ModelStarts, Start


@dataclass(frozen=True)
class SimulationConfig:
    """The setting of a simulation.

    Attributes:
        engines: names from `trainer.studies.simulate.engines.ENGINES`.
        start: "zero-shot", or a run directory.
        max_clicks: number of clicks after which a picture's correction ends.
        jitter: see `trainer.studies.simulate.annotator.next_click`.
        seeds: seeds of the jitter; without jitter only one is used.
        cache: folder where zero-shot starts are stored.
    """

    engines: tuple[str, ...]
    start: str = ZERO_SHOT
    max_clicks: int = 20
    jitter: float = 0.0
    seeds: tuple[int, ...] = (0,)
    cache: Path | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.engines if name not in ENGINES]
        if unknown or not self.engines:
            raise TrainerUsageError(
                f"Engine {unknown[0] if unknown else ''!r} is not known; choose from {', '.join(ENGINES)}."
            )
        if self.max_clicks < 1 or not 0.0 <= self.jitter <= 1.0 or not self.seeds:
            raise TrainerUsageError("Give at least one click and one seed, and a jitter from 0 to 1.")


def simulate(
    dataset_root: Path | str,
    split: str,
    config: SimulationConfig,
    *,
    limit: int | None = None,
    workers: int | None = None,
    cluster: Cluster | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Correct every picture of a split that has tags and ground truth.

    Args:
        dataset_root, split: of the pictures.
        config: engines, start and annotator.
        limit: number of pictures, evenly spaced over the split.
        workers: number of processes; None uses all cores.
        cluster: whose processes correct the pictures instead.
        advance: called with the numbers of pictures done and in total.

    Returns:
        What was simulated, and by engine the figures of `studies.simulate.figures.figures`; over several
        seeds they are means, with the sample deviation of the main ones as "spread". "sessions" has clicks to
        each target and the curve of every picture and seed.

    Raises:
        TrainerUsageError: no picture can be measured.
        TrainerError: the dataset, a picture or the run cannot be read.
    """
    dataset = open_dataset(dataset_root, split)
    truth = GroundTruth.of(dataset)
    images = [image for image in dataset.images if image.tags and truth.has(image.id)]
    if not images:
        raise TrainerUsageError(
            f"Split {split} of {dataset_root} has no picture with tags and ground truth to correct against."
        )
    if limit is not None and limit < len(images):
        images = [images[number * len(images) // limit] for number in range(limit)]
    items = [(image, dataset.names_of(image)) for image in images]
    if cluster is None:
        work = functools.partial(_picture, config, truth)
        pictures = map_images(work, items, total=len(items), workers=workers)
    else:
        pictures = _on_cluster(cluster, config, truth, items)
    by_run: dict[tuple[str, int], list[Session]] = {}
    for done, found in enumerate(pictures, start=1):
        for run, session in found.items():
            by_run.setdefault(run, []).append(session)
        advance(done, len(items))
    # A cluster returns pictures as they become ready.
    position = {image.id: number for number, image in enumerate(images)}
    for sessions in by_run.values():
        sessions.sort(key=lambda session: position[session.identifier])
    return {
        "split": split,
        "pictures": len(images),
        "start": config.start,
        "max_clicks": config.max_clicks,
        "jitter": config.jitter,
        "seeds": list(_seeds(config)),
        "ours": ENGINE,
        "seconds": {
            "click": SECONDS_PER_CLICK,
            "points": SECONDS_POINTS,
            "polygon": SECONDS_POLYGON,
            "full_mask": SECONDS_FULL_MASK,
        },
        "engines": {name: _summary(name, by_run, config) for name in config.engines},
    }


_Item = tuple[TaggedImage, tuple[str, ...]]


def _on_cluster(
    cluster: Cluster, config: SimulationConfig, truth: GroundTruth, items: Sequence[_Item]
) -> Iterator[dict[tuple[str, int], Session]]:
    for group in map_on_actors(
        cluster,
        functools.partial(_load, config, truth),
        items,
        group=1,
        uses_cores=True,
        name_of=lambda item: item[0].id,
        check=lambda: None,
        say=lambda _sentence: None,
    ):
        yield from group


def _load(
    config: SimulationConfig, truth: GroundTruth
) -> Callable[[Sequence[_Item]], list[dict[tuple[str, int], Session]]]:
    """Runs once in each process of a cluster; the models are loaded with the first picture."""
    return lambda items: [_picture(config, truth, item) for item in items]


def _picture(config: SimulationConfig, truth: GroundTruth, item: _Item) -> dict[tuple[str, int], Session]:
    image, names = item
    picture, mask = read_rgb(image.path), truth.mask(image.id)
    begun = _start(config, image, picture, names)
    sessions = {}
    for name in config.engines:
        for seed in _seeds(config):
            engine = ENGINES[name](_features())
            sessions[name, seed] = _session(image.id, engine, picture, mask, begun, config, seed)
    return sessions


def _session(
    identifier: str,
    engine: Engine,
    picture: Any,
    truth: Any,
    begun: Start,
    config: SimulationConfig,
    seed: int,
) -> Session:
    # Each picture gets its own offsets. hash() is not used, because it differs between processes.
    rng = np.random.default_rng([seed, *identifier.encode()])
    started = time.perf_counter()
    engine.start(picture, begun)
    start_s = time.perf_counter() - started
    mask, clicks, latencies, taken = begun.mask, [], [], []
    ious = [class_ious(mask, truth)]
    for _ in range(config.max_clicks):
        click = next_click(mask, truth, jitter=config.jitter, rng=rng)
        if click is None:
            break
        clicks.append(click)
        before = time.perf_counter()
        refined = engine.refine(mask, clicks)
        latencies.append(time.perf_counter() - before)
        taken.append(neighbours_taken(mask, refined, truth, click))
        mask = refined
        ious.append(class_ious(mask, truth))
    return Session(identifier, tuple(ious), tuple(latencies), start_s, tuple(taken))


def _summary(
    name: str, by_run: dict[tuple[str, int], list[Session]], config: SimulationConfig
) -> dict[str, Any]:
    by_seed = [by_run[name, seed] for seed in _seeds(config)]
    pooled = figures([session for sessions in by_seed for session in sessions], config.max_clicks)
    if len(by_seed) > 1:
        alone = [figures(sessions, config.max_clicks) for sessions in by_seed]
        pooled["spread"] = {
            "miou_after": {
                clicks: round(statistics.stdev(one["miou_after"][clicks] for one in alone), 4)
                for clicks in pooled["miou_after"]
            },
            "clicks_to_85": round(statistics.stdev(one["clicks_to"]["85"]["clicks"] for one in alone), 2),
        }
    pooled["sessions"] = [
        {
            "id": session.identifier,
            "seed": seed,
            "clicks_to": {
                f"{target:.0%}".rstrip("%"): clicks_to(session.curve(config.max_clicks), target)
                for target in (0.80, 0.85, 0.90)
            },
            "miou": [round(value, 4) for value in session.curve(config.max_clicks)],
        }
        for seed, sessions in zip(_seeds(config), by_seed, strict=True)
        for session in sessions
    ]
    return pooled


def _seeds(config: SimulationConfig) -> tuple[int, ...]:
    return config.seeds if config.jitter > 0 else config.seeds[:1]


def _start(config: SimulationConfig, image: TaggedImage, picture: Any, names: tuple[str, ...]) -> Start:
    starts = _starts(config.start)
    if config.cache is not None and config.start == ZERO_SHOT:
        return CachedStarts(starts, config.cache).cached(image.id, picture, names, image.tags)
    return starts.start(picture, names, image.tags)


@functools.cache
def _starts(start: str) -> ModelStarts:
    """Load once in each process."""
    return ModelStarts(zero_shot_model() if start == ZERO_SHOT else run_model(start))


@functools.cache
def _features() -> PictureFeatures:
    """Load once in each process."""
    return load_features()
