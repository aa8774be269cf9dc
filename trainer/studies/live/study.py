"""What the live model learns: pictures are corrected one after another, and others are measured."""

from __future__ import annotations

import functools
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.cluster.actors import map_on_actors
from trainer.cluster.connection import Cluster
from trainer.cluster.tasks import run_tasks
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.errors import TrainerUsageError
from trainer.live.features import load_live_encoder, run_live_encoder
from trainer.masks.crf import crf_available
from trainer.masks.evaluation import score_of
from trainer.models.proposal import run_model, zero_shot_model
from trainer.studies.live.measuring import Untouched
from trainer.studies.live.pictures import LivePictures
from trainer.studies.live.plan import RANDOM, LiveSimulationConfig, Parts, divided
from trainer.studies.live.session import Point, Session, Setting, Simulator
from trainer.studies.simulate.figures import SECONDS_PER_CLICK, SECONDS_POLYGON
from trainer.studies.simulate.start import ZERO_SHOT

IMAGENET, RUN = "imagenet", "run"
FEATURES = (IMAGENET, RUN)


def simulate_live(
    dataset_root: Path | str,
    split: str,
    config: LiveSimulationConfig,
    *,
    out: Path | None = None,
    model: str = ZERO_SHOT,
    uses_words: bool = True,
    features: str = IMAGENET,
    device: str | None = None,
    workers: int | None = None,
    cluster: Cluster | None = None,
    advance: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> dict[str, Any]:
    """Let a simulated annotator correct pictures, and measure the proposals of others as the model learns.

    After each correction, the live model learns from the mask. At each point it is tested by leaving masks
    out, as in the studio, and the proposals of the untouched pictures are measured.

    Args:
        dataset_root, split: pictures with tags and ground truth.
        config: points, orders and annotator.
        out: folder for features, maps, corrections and measurements. With the same folder, an interrupted
            simulation continues. None takes a folder that is deleted at the end.
        model: makes the prior maps: "zero-shot", or a run directory.
        uses_words: False takes the names of all classes away, so that zero-shot knows none of them.
        features: of which encoder the live model learns: "imagenet", or "run" for that of the run `model`.
        device: see `trainer.models.proposal.run_model`.
        workers: processes for the measurements; None uses all cores.
        cluster: prepares pictures and simulates sessions at once, each in a process of its own. It needs
            `out`, a folder that all nodes see.
        advance: called with "prepared", "corrected" or "measured", and the numbers done and in total.

    Returns:
        The input of `trainer.studies.live.figures.live_table`.

    Raises:
        TrainerUsageError: too few pictures can be corrected, a run is to forget its words, or zero-shot is to
            give the features of a run.
        TrainerError: the dataset, a picture or the run cannot be read.
    """
    if not uses_words and model != ZERO_SHOT:
        raise TrainerUsageError("A run has learned its classes from tags, so --no-words needs zero-shot.")
    if features not in FEATURES:
        raise TrainerUsageError(f"There are no features {features!r}; choose from {', '.join(FEATURES)}.")
    if features == RUN and model == ZERO_SHOT:
        raise TrainerUsageError("The features of a run need a run: --model RUN_DIR --features run.")
    if out is None and cluster is not None:
        raise TrainerUsageError("On a cluster, give a folder that all its nodes see: --out DIR.")
    if out is None:
        with tempfile.TemporaryDirectory(prefix="simulate-live-") as temporary:
            return simulate_live(
                dataset_root,
                split,
                config,
                out=Path(temporary),
                model=model,
                uses_words=uses_words,
                features=features,
                device=device,
                workers=workers,
                advance=advance,
            )
    study = _Study(Path(dataset_root), split, config, out, model, uses_words, features)
    if cluster is not None:
        study.done_on(cluster, advance)
    sessions, pictures, dataset, parts = study.run(device, workers, _settings(config), advance)
    proposals = pictures.model
    names = ("background", *dataset.class_names)
    return {
        "split": split,
        "model": model,
        "words": uses_words,
        "features": features,
        "crf": proposals.refinement.use_crf and crf_available().available,
        "correctable": len(parts.correctable),
        "untouched": [image.id for image in parts.untouched],
        "points": list(config.points),
        "orders": list(config.orders),
        "seeds": list(config.seeds),
        "clicks": config.has_clicks,
        "target": config.target,
        "max_clicks": config.max_clicks,
        "seconds": {"click": SECONDS_PER_CLICK, "polygon": SECONDS_POLYGON},
        "rows": [row for alike in _grouped(sessions) for row in _rows(alike, names)],
        "sessions": [_as_json(session, names) for session in sessions],
    }


@dataclass(frozen=True)
class _Study:
    """A study as it is sent to other processes; attributes are arguments of `simulate_live`."""

    dataset_root: Path
    split: str
    config: LiveSimulationConfig
    out: Path
    model: str
    uses_words: bool
    features: str

    def opened(self) -> tuple[TaggedDataset, GroundTruth, Parts]:
        """The dataset, its ground truth, and which pictures are corrected and measured."""
        dataset = open_dataset(self.dataset_root, self.split)
        truth = GroundTruth.of(dataset)
        known = [image for image in dataset.images if image.tags and truth.has(image.id)]
        return dataset, truth, divided(known, self.config)

    def pictures(self, dataset: TaggedDataset, device: str | None) -> LivePictures:
        """Load what prepares pictures."""
        model = zero_shot_model(device) if self.model == ZERO_SHOT else run_model(self.model, device)
        has_run = self.features == RUN
        encoder = run_live_encoder(self.model, device) if has_run else load_live_encoder(device)
        return LivePictures(dataset, model, encoder, self.out / "pictures", uses_words=self.uses_words)

    def run(
        self,
        device: str | None,
        workers: int | None,
        settings: Sequence[Setting],
        advance: Callable[[str, int, int], None],
    ) -> tuple[list[Session], LivePictures, TaggedDataset, Parts]:
        """Simulate sessions; what is in the folder is not computed again."""
        dataset, truth, parts = self.opened()
        pictures = self.pictures(dataset, device)
        everything = (*parts.untouched, *parts.correctable)
        for done, image in enumerate(everything, start=1):
            pictures.prepared(image)
            advance("prepared", done, len(everything))
        untouched = Untouched(
            parts.untouched, pictures, truth, dataset.class_count + 1, self.out / "measured", workers
        )
        folder = self.out / "corrections" / pictures.identity
        simulator = Simulator(parts, pictures, truth, untouched, folder, self.config)
        sessions = [simulator.run(setting, advance) for setting in settings]
        return sessions, pictures, dataset, parts

    def done_on(self, cluster: Cluster, advance: Callable[[str, int, int], None]) -> None:
        """Fill the folder on a cluster: first all pictures, then all sessions."""
        _, _, parts = self.opened()
        everything = (*parts.untouched, *parts.correctable)
        prepared = map_on_actors(
            cluster,
            functools.partial(_load, self, cluster.device),
            everything,
            group=4,
            uses_cores=False,
            name_of=lambda image: image.id,
            check=lambda: None,
            say=lambda _sentence: None,
        )
        done = 0
        for count in prepared:
            done += count
            advance("prepared", done, len(everything))
        run_tasks(
            cluster,
            functools.partial(_simulate, self, cluster.device),
            _settings(self.config),
            advance=functools.partial(advance, "sessions"),
        )


def _load(study: _Study, device: str) -> Callable[[Sequence[TaggedImage]], int]:
    """Runs once in each process of a cluster that prepares pictures."""
    dataset, _, _ = study.opened()
    pictures = study.pictures(dataset, device)

    def prepare(images: Sequence[TaggedImage]) -> int:
        for image in images:
            pictures.prepared(image)
        return len(images)

    return prepare


def _simulate(study: _Study, device: str, setting: Setting) -> None:
    """Runs in a process of a cluster; the session is in the folder afterwards."""
    study.run(device, 1, [setting], lambda _what, _done, _total: None)


def _settings(config: LiveSimulationConfig) -> list[Setting]:
    return [
        Setting(order, seed, learns)
        for learns in ((False, True) if config.has_baseline else (True,))
        for order in config.orders
        for seed in (config.seeds if order == RANDOM else (None,))
    ]


def _grouped(sessions: Sequence[Session]) -> list[list[Session]]:
    """The sessions that differ only in their seed, together."""
    groups: dict[tuple[bool, str], list[Session]] = {}
    for session in sessions:
        groups.setdefault((session.setting.learns, session.setting.order), []).append(session)
    return list(groups.values())


def _rows(alike: Sequence[Session], names: Sequence[str]) -> list[dict[str, Any]]:
    """One row for each point, over the seeds."""
    rows = []
    before = 0
    for points in zip(*(session.points for session in alike), strict=True):
        count = points[0].corrected
        found = [_scores(point, names) for point in points]
        row: dict[str, Any] = {
            "learns": alike[0].setting.learns,
            "order": alike[0].setting.order,
            "corrected": count,
            "seeds": len(found),
        }
        for key in ("maps_miou", "miou"):
            values = [one[key] for one in found]
            row[key] = round(statistics.fmean(values), 4)
            row[f"{key}_spread"] = round(statistics.stdev(values), 4) if len(values) > 1 else None
        row["per_class"] = {name: _mean([one["per_class"][name] for one in found]) for name in names}
        since = [one for session in alike for one in session.corrections[before:count]]
        if since:
            row["clicks_per_picture"] = round(statistics.fmean(one.clicks for one in since), 3)
            row["seconds_per_picture"] = round(statistics.fmean(one.seconds for one in since), 2)
            row["painted"] = round(statistics.fmean(one.is_painted for one in since), 4)
            row["proposal_miou"] = round(100 * statistics.fmean(one.before for one in since), 2)
        rows.append(row)
        before = count
    return rows


def _scores(point: Point, names: Sequence[str]) -> dict[str, Any]:
    """Mean IoU in percent of the maps and of the proposals, and the proposals' IoU by class name."""
    maps, masks = (score_of(found, "skip") for found in (point.measured.maps, point.measured.masks))
    return {
        "maps_miou": round(100 * maps.miou, 4),
        "miou": round(100 * masks.miou, 4),
        "per_class": {
            name: None if value is None else round(100 * value, 2)
            for name, value in zip(names, masks.per_class, strict=True)
        },
    }


def _as_json(session: Session, names: Sequence[str]) -> dict[str, Any]:
    def trust(point: Point) -> dict[str, Any] | None:
        known = point.measured.trust
        if known is None:
            return None
        by_name = {names[index]: round(factor, 4) for index, factor in sorted(known.by_class.items())}
        return {"by_class": by_name, "unseen": round(known.unseen, 4)}

    return {
        "order": session.setting.order,
        "seed": session.setting.seed,
        "learns": session.setting.learns,
        "points": [
            {"corrected": point.corrected, **_scores(point, names), "trust": trust(point)}
            for point in session.points
        ],
        "corrected": session.ids,
        "corrections": [
            {
                "id": one.id,
                "before": one.before,
                "after": one.after,
                "clicks": one.clicks,
                "is_painted": one.is_painted,
                "seconds": one.seconds,
            }
            for one in session.corrections
        ],
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 2) if known else None
