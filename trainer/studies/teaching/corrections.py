"""Corrections that the simulated annotator makes to the masks of a run; each is made once and stored."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.dataset import TaggedImage
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.data.images import read_rgb
from trainer.data.masks import write_mask
from trainer.data.transforms import RgbImage
from trainer.interactive.features import PictureFeatures, load_features
from trainer.interactive.seeds import Click
from trainer.interactive.segmenter import ENGINE, InteractiveConfig, InteractiveSegmenter
from trainer.machine.durable_write import write_atomic
from trainer.machine.image_pool import map_images
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, load_maps
from trainer.studies.simulate.annotator import class_ious, next_click
from trainer.studies.simulate.figures import SECONDS_PER_CLICK, SECONDS_POLYGON


@dataclass(frozen=True)
class Acceptance:
    """When the annotator accepts a mask.

    Attributes:
        target: mean IoU over a picture's classes from which a mask is accepted.
        max_clicks: number of clicks after which the mask is painted by hand.
    """

    target: float
    max_clicks: int


@dataclass(frozen=True)
class Correction:
    """How one picture was corrected.

    Attributes:
        id: id of the picture.
        before, after: mean IoU over its classes, of the run's mask and of the corrected mask.
        clicks: number of clicks.
        is_painted: clicks did not reach the target, so the mask was painted; it is the ground truth.
        seconds: estimated time, see `trainer.studies.simulate.figures`.
        engine: name of the engine that applied the clicks.
    """

    id: str
    before: float
    after: float
    clicks: int
    is_painted: bool
    seconds: float
    engine: str


def correct_pictures(
    images: Sequence[TaggedImage],
    truth: GroundTruth,
    run: RunDir,
    folder: Path,
    acceptance: Acceptance,
    *,
    workers: int | None = None,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Correction]:
    """Correct the masks of a run and write `<folder>/<id>.png` and `<id>.json`, the `Correction`.

    A correction that is already in the folder is kept if it was made from the same mask, with the same engine
    and the same acceptance.

    Args:
        images: the pictures.
        truth: the masks that the annotator knows.
        run: its pseudo-labels are corrected, with its maps as evidence.
        folder: where the masks are written.
        acceptance: when the annotator accepts a mask.
        workers: number of processes; None uses all cores.
        advance: called with the numbers of pictures done and in total.

    Returns:
        The corrections by picture id.
    """
    work = functools.partial(_corrected, truth, run, folder, acceptance)
    found = {}
    for done, one in enumerate(map_images(work, images, total=len(images), workers=workers), start=1):
        found[one.id] = one
        advance(done, len(images))
    return found


def correction_path(folder: Path, identifier: str) -> Path:
    """Return the path of a picture's corrected mask."""
    return folder / f"{identifier}.png"


def _corrected(
    truth: GroundTruth,
    run: RunDir,
    folder: Path,
    acceptance: Acceptance,
    image: TaggedImage,
) -> Correction:
    # A first run that was trained again with other settings has other masks to correct.
    begun_from = hashlib.sha256(run.pseudo_path(image.id).read_bytes()).hexdigest()[:16]
    mask, maps = read_mask(run.pseudo_path(image.id)), load_maps(run.final_path(image.id))
    proposal = Proposal(image.id, mask, maps, begun_from)
    return correct_proposal(proposal, lambda: read_rgb(image.path), truth.mask(image.id), folder, acceptance)


@dataclass(frozen=True, eq=False)
class Proposal:
    """A mask to correct.

    Attributes:
        id: id of the picture.
        mask: uint8 (H, W).
        maps: that it was made from; the annotator's tool takes them as evidence.
        identity: another mask or other maps have another one.
    """

    id: str
    mask: NDArray[np.uint8]
    maps: ClassMaps
    identity: str


def correct_proposal(
    proposal: Proposal,
    picture: Callable[[], RgbImage],
    truth: NDArray[np.uint8],
    folder: Path,
    acceptance: Acceptance,
) -> Correction:
    """Correct one proposal and store the mask; see `correct_pictures`.

    Args:
        proposal: to correct.
        picture: reads the picture, uint8 (H, W, 3); called if there is something to click.
        truth: uint8 (H, W), the mask that the annotator knows.
        folder: where the mask and the correction are written.
        acceptance: when the annotator accepts a mask.
    """
    setting = f"{ENGINE} target={acceptance.target:g} clicks={acceptance.max_clicks} from={proposal.identity}"
    record = folder / f"{proposal.id}.json"
    if record.is_file() and correction_path(folder, proposal.id).is_file():
        stored = json.loads(record.read_bytes())
        if stored.pop("setting") == setting:
            return Correction(**stored)
    mask = proposal.mask
    before = after = _mean_iou(mask, truth)
    segmenter = InteractiveSegmenter(_features(), InteractiveConfig())
    clicks = list[Click]()
    while after < acceptance.target and len(clicks) < acceptance.max_clicks:
        click = next_click(mask, truth)
        if click is None:
            break
        if not clicks:
            segmenter.set_image(picture())
        clicks.append(click)
        mask = segmenter.refine(proposal.mask, clicks, evidence=proposal.maps)
        after = _mean_iou(mask, truth)
    is_painted = after < acceptance.target
    seconds = len(clicks) * SECONDS_PER_CLICK
    if is_painted:
        mask, after = truth, 1.0
        seconds += SECONDS_POLYGON * len(proposal.maps.class_indices)
    done = Correction(
        proposal.id, round(before, 6), round(after, 6), len(clicks), is_painted, round(seconds, 1), ENGINE
    )
    write_mask(correction_path(folder, proposal.id), mask)
    write_atomic(record, json.dumps({"setting": setting, **asdict(done)}).encode())
    return done


def _mean_iou(mask: NDArray[np.uint8], right: NDArray[np.uint8]) -> float:
    return float(np.mean(list(class_ious(mask, right).values())))


@functools.cache
def _features() -> PictureFeatures:
    """Load the features once in each process."""
    return load_features()
