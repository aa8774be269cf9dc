"""The sources whose maps and masks the Lab measures: the studio's model, or a run of the workspace.

Both have the same interface, so that surveys, class pages and comparisons work with either.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from db.annotations import latest_proposal
from db.publications import published_run
from db.runs import get_run, list_runs
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lab.references import references_of
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import RunItem, read_snapshot, uses_accepted
from trainer.contract import EVALUATE, REFINE, RELABEL, SEGMENT, Folder, in_round

if TYPE_CHECKING:  # listing the sources must not import torch
    from puzzlecam_app.services import Services
    from trainer.run.map_storage import ClassMaps

STUDIO: Final = "studio"
PATTERN: Final = r"^(studio|run-[1-9][0-9]{0,9})$"
"""Keys of sources in URLs."""

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A picture with the hash of its reference mask, if it has one: ground truth, else its accepted mask."""

    item: ItemFacts
    truth: str | None


@dataclass(frozen=True)
class MapStage:
    """A stage that makes maps, and the threshold that was fixed beforehand."""

    name: str
    title: str
    threshold: float


@dataclass(frozen=True, eq=False)
class Seen:
    """What a source has stored about a picture.

    Attributes:
        maps: Maps by stage, in the order of the stages; the mask was made from the last ones.
        mask: uint8 (H, W) with the indices of the class list; None if there is no mask.
        disagreement: Of whole and tiled map, the largest of the tags; None if no tiles were computed.
    """

    maps: dict[str, ClassMaps]
    mask: Mask | None
    disagreement: float | None


class Source(ABC):
    """A model or a run.

    Attributes:
        key: Names the source in URLs.
        title: Name on the page.
        identity: Identity of the model, or the key of the run.
        stages: The stages that make maps.
        mask_title: Name of the stage that makes the masks.
        mask_threshold: The threshold of the masks.
        predicted_title: Name of the segmentation network that was trained on the masks; None without one.
    """

    key: str
    title: str
    identity: str
    stages: tuple[MapStage, ...]
    mask_title: str
    mask_threshold: float
    predicted_title: str | None = None

    @abstractmethod
    def see(self, picture: Picture) -> Seen | None:
        """The stored maps and mask of a tagged picture; None if the source has not processed it."""

    def predicted(self, picture: Picture) -> Mask | None:  # noqa: ARG002
        """The mask that the segmentation network predicts; None for pictures outside its split."""
        return None

    def is_taught(self, item_id: int) -> bool:  # noqa: ARG002
        """Whether the source was trained on the picture's reference mask, which must then not be measured."""
        return False


def open_source(services: Services, dataset_id: int, key: str) -> Source:
    """The source with that key.

    Raises:
        UserError: The key is not valid, the run belongs to another dataset, or its files were pruned.
        NotFoundError: There is no such run.
    """
    if not re.match(PATTERN, key):
        raise UserError("there is no such source", where=key[:40], remedy="Choose one from the list")
    return StudioSource(services) if key == STUDIO else RunSource(services, dataset_id, int(key[4:]))


def list_sources(services: Services, dataset_id: int) -> list[tuple[str, str]]:
    """Keys and titles of what can be measured: the studio's model, and the runs that have CAMs.

    The first one is the published run, else the newest finished run, else the studio's model. The others
    follow: the studio's model, then runs, newest first.
    """
    with services.database.read() as session:
        runs = list_runs(session, dataset_id=dataset_id)
        published = published_run(session, dataset_id)
    made_cams = [
        run
        for run in runs
        if run.pruned_at is None
        and (RunFolder.of(services.workspace.runs_dir, run.id).train.path / Folder.CAMS).is_dir()
    ]
    titles = {
        run.id: f"Run {run.id}: {run.name}" + (", published" if run.id == published else "")
        for run in made_cams
    }
    finished = [run.id for run in made_cams if run.status == "done"]
    best = published if published in titles else next(iter(finished), None)
    listed = [(STUDIO, "The studio's model"), *((f"run-{run}", title) for run, title in titles.items())]
    return sorted(listed, key=lambda one: one[0] != f"run-{best}")


def find_picture(services: Services, item_id: int) -> Picture:
    """A picture and its reference mask. Raises NotFoundError if there is no such picture."""
    with services.database.read() as session:
        item = read_item(session, item_id)
        references = references_of(session, item_id)
    return Picture(item, references[0].mask_hash if references else None)


class StudioSource(Source):
    """The studio's model: its cached maps and its proposals. Nothing is computed."""

    def __init__(self, services: Services) -> None:
        model = services.predictor.model
        self._services = services
        self.key, self.title, self.identity = STUDIO, "The studio's model", model.identity
        self.mask_threshold = model.background_threshold
        title = _title(is_self_trained=bool(model.self_trained), is_walked=bool(model.walk))
        self.stages = (MapStage("maps", title, model.background_threshold),)
        self.mask_title = f"{title} + CRF" if model.refinement.use_crf else title

    def see(self, picture: Picture) -> Seen | None:
        """See `Source`."""
        from trainer.run.map_storage import ClassMaps

        item = picture.item
        cams = self._services.predictor.cached_cams(item.sha256, item.tag_names)
        if cams is None:
            return None
        with self._services.database.read() as session:
            proposal = latest_proposal(session, item.id)
        mask = None
        if (
            proposal is not None
            and proposal.mask_hash
            and proposal.proposed_by == self._services.predictor.proposer_of(item.tag_names)
        ):
            mask = self._services.masks.get(proposal.mask_hash)
        maps = ClassMaps(item.tags, (item.height, item.width), cams.cams_khw)
        return Seen({"maps": maps}, mask, float(cams.disagreement_k.max()))


class RunSource(Source):
    """A run: the maps and masks in its folder, for the pictures in its snapshot."""

    def __init__(self, services: Services, dataset_id: int, run_id: int) -> None:
        with services.database.read() as session:
            run = get_run(session, run_id)
        if run.dataset_id != dataset_id:
            raise UserError(
                "the run belongs to another dataset", where=f"run {run_id}", remedy="Choose another run"
            )
        if run.pruned_at is not None:
            raise UserError(
                "the files of the run were pruned", where=f"run {run_id}", remedy="Choose another run"
            )
        folder = RunFolder.of(services.workspace.runs_dir, run_id)
        self._train = folder.train
        snapshot = read_snapshot(folder.snapshot_path)
        self._items: dict[int, RunItem] = {item.item_id: item for item in snapshot.items}
        learned = snapshot.in_split(run.split) if uses_accepted(run.recipe) else ()
        self._taught = frozenset(item.item_id for item in learned if item.accepted_mask is not None)
        self.key, self.title = f"run-{run_id}", f"Run {run_id}: {run.name}"
        self.identity = self.key
        evaluate, refine = run.recipe[EVALUATE], run.recipe[REFINE]
        self.mask_threshold = float(refine["background_threshold"])
        stages = [MapStage("cam", "CAM", float(evaluate["cam_threshold"]))]
        has_pixels = (self._train.path / Folder.PIXELS).is_dir()
        if has_pixels:
            title = _title(is_self_trained=True, is_walked=False)
            stages.append(MapStage("pixels", title, float(evaluate["pixels_threshold"])))
        has_walk = (self._train.path / Folder.WALK).is_dir()
        title = _title(is_self_trained=has_pixels, is_walked=has_walk)
        if has_walk:
            stages.append(MapStage("walk", title, float(evaluate["walk_threshold"])))
        self._last_round = self._train.last_round()
        for number in range(2, self._last_round + 1):
            title = f"Round {number}: network held to the tags"
            self.mask_threshold = float(run.recipe[RELABEL]["background_threshold"])
            stages.append(MapStage(in_round("maps", number), title, self.mask_threshold))
        self.stages = tuple(stages)
        self.mask_title = f"{title} + CRF" if refine["use_crf"] else title
        self._split = str(run.recipe[SEGMENT]["predict_split"])
        made = [
            number
            for number in range(1, self._last_round + 1)
            if self._train.predictions_path(self._split, number).is_dir()
        ]
        self._predicted_round = max(made, default=1)
        self.predicted_title = f"Segmentation network, on {self._split}" if made else None

    def see(self, picture: Picture) -> Seen | None:
        """See `Source`. A picture whose file or tags have changed since counts as not processed."""
        from trainer.data.ground_truth import read_mask
        from trainer.run.map_storage import load_maps

        item = self._items.get(picture.item.id)
        if item is None or (item.sha256, item.tags) != (picture.item.sha256, picture.item.tags):
            return None
        paths: dict[str, Path] = {
            "cam": self._train.cam_path(item.id),
            "pixels": self._train.pixels_path(item.id),
            "walk": self._train.walk_path(item.id),
            **{
                in_round("maps", number): self._train.final_path(item.id, number)
                for number in range(2, self._last_round + 1)
            },
        }
        maps = {
            stage.name: load_maps(paths[stage.name]) for stage in self.stages if paths[stage.name].is_file()
        }
        if not maps:
            return None
        path = self._train.pseudo_path(item.id, self._last_round)
        return Seen(maps, read_mask(path) if path.is_file() else None, None)

    def predicted(self, picture: Picture) -> Mask | None:
        """See `Source`. The network does not use tags, so only a changed file counts as not processed."""
        from trainer.data.ground_truth import read_mask

        item = self._items.get(picture.item.id)
        if self.predicted_title is None or item is None or item.sha256 != picture.item.sha256:
            return None
        path = self._train.prediction_path(self._split, item.id, self._predicted_round)
        return read_mask(path) if path.is_file() else None

    def is_taught(self, item_id: int) -> bool:
        """See `Source`. The trainer's own figures leave these pictures out too."""
        return item_id in self._taught


def _title(*, is_self_trained: bool, is_walked: bool) -> str:
    steps = {"CAM": True, "self-training": is_self_trained, "random walk": is_walked}
    return " + ".join(step for step, is_taken in steps.items() if is_taken)
