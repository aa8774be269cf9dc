"""Later rounds: pseudo-labels from the segmentation network of the round before (not in the paper).

The network has learned from the pseudo-labels of all pictures. On the pictures that it was trained on, tags
rule out all classes but a few, so only these and background compete. Its maps then take the way of all maps:
random walk along the run's edges, threshold, dense CRF.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.config import Recipe, RefineConfig
from trainer.contract import AFFINITY, RELABEL, SEGMENT, Folder, in_round
from trainer.data.class_files import write_class_file
from trainer.data.dataset import TaggedImage
from trainer.data.images import read_rgb
from trainer.data.masks import write_mask
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import map_images
from trainer.masks.crf import CrfConfig
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.masks.walked_maps import Barriers, walked_maps
from trainer.models.edges import WalkModel, load_edge_model
from trainer.models.segmentation import SegmentationModel, load_segmentation_model
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.run.stage_context import StageContext
from trainer.stages.image_loop import work_on_images
from trainer.stages.picture_stage import PictureStage, Work
from trainer.stages.stage import LaterStage, StageResult

NAME = RELABEL
VERSION = 1

_GROUP: Final = 4
"""Pictures that a process of a cluster takes at a time."""


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Accepted masks count only through the network."""
    return {}


def makes(number: int) -> tuple[str, ...]:
    """Folders that the stage writes in a round."""
    folder = f"{Folder.ROUNDS}/{number}"
    return (f"{folder}/maps", f"{folder}/{Folder.PSEUDO}")


def in_later_round(number: int) -> LaterStage:
    """The stage in a round after the first."""
    return LaterStage(
        NAME=in_round(NAME, number),
        VERSION=VERSION,
        # Settings of the walk and the CRF are those of `refine`, on whose key the network depends.
        NEEDS=(AFFINITY, in_round(SEGMENT, number - 1)),
        MAKES=makes(number),
        STARTS_FROM_BACKBONE=False,
        KEY_IS_COMPLETE=True,
        accepted_key=accepted_key,
        run=functools.partial(run, round_number=number),
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """A picture to be finished by a worker process.

    Attributes:
        image: the picture.
        maps: its maps, before the random walk if `edges_hw` is given.
        edges_hw: float32 (h, w) in [0, 1] if the worker has to do the random walk, else None.
    """

    image: TaggedImage
    maps: ClassMaps
    barriers: Barriers | None


def run(context: StageContext, round_number: int) -> StageResult:
    """Write the maps and the pseudo-labels of all pictures that have none yet in this round.

    Raises:
        CheckpointError: the network of the round before or the edge branch is missing or damaged.
        ImageReadError: a picture is missing or damaged.
    """
    run_dir, name = context.run_dir, in_round(NAME, round_number)
    has_walk = context.recipe.relabel.use_walk and context.recipe.walks
    work_on_images(
        context,
        PictureStage(
            name,
            functools.partial(load, round_number=round_number),
            functools.partial(_pseudo_path, round_number),
            makes(round_number),
            _GROUP,
            uses_cores=True,
        ),
    )
    if context.processes.is_main:
        write_class_file(run_dir.round_path(round_number) / Folder.PSEUDO, context.dataset.class_names)
    return StageResult({"pictures": len(context.dataset), "random_walk": has_walk})


def load(context: StageContext, round_number: int) -> Work:
    """Load the network of the round before, and what guides the random walk."""
    recipe, run_dir = context.recipe, context.run_dir
    has_walk = recipe.relabel.use_walk and recipe.walks
    network = load_segmentation_model(run_dir.model_path(in_round(SEGMENT, round_number - 1)), context.device)
    edges = load_edge_model(run_dir.model_path(AFFINITY), context.device) if has_walk else None
    workers = max(1, available_cpu_count() // context.processes.count)
    finish = functools.partial(_finish, run_dir, recipe, round_number)

    def work(images: Sequence[TaggedImage]) -> Generator[None, None, None]:
        tasks = _tasks(recipe, images, network, edges)
        yield from map_images(finish, tasks, total=len(images), workers=workers)

    return work


def _pseudo_path(round_number: int, run_dir: RunDir, identifier: str) -> Path:
    return run_dir.pseudo_path(identifier, round_number)


def _tasks(
    recipe: Recipe, images: Iterable[TaggedImage], network: SegmentationModel, edges: WalkModel | None
) -> Iterator[_Task]:
    """The tasks of the workers. The networks, and the random walk on a GPU, run in this process."""
    config = recipe.relabel
    for image in images:
        picture = read_rgb(image.path)
        maps_khw = network.tag_maps(
            picture, image.tags, scales=config.scales, flip=config.flip, max_side=config.max_side
        )
        maps = ClassMaps(image.tags, (picture.shape[0], picture.shape[1]), maps_khw)
        if edges is None:
            yield _Task(image, maps, None)
            continue
        barriers = edges.barriers(picture, (maps_khw.shape[1], maps_khw.shape[2]), recipe.refine.radius)
        if edges.device.device.type == "cpu":
            yield _Task(image, maps, barriers)
        else:
            yield _Task(image, walked_maps(maps, barriers, walk_of(recipe), edges.device), None)


def walk_of(recipe: Recipe) -> RefineConfig:
    """The settings of the walk. Background always takes part, because the network knows background too."""
    return recipe.refine.model_copy(update={"walk_background": True})


def _finish(run_dir: RunDir, recipe: Recipe, round_number: int, task: _Task) -> None:
    """Random walk (if still to be done), threshold, CRF, no specks; the pseudo-label is written last."""
    maps, refine = task.maps, recipe.refine
    if task.barriers is not None:
        maps = walked_maps(maps, task.barriers, walk_of(recipe))
    save_maps(run_dir.final_path(task.image.id, round_number), maps)
    labels = pseudo_label(
        read_rgb(task.image.path),
        maps.maps_khw,
        maps.class_indices,
        PseudoLabelConfig(
            background_threshold=recipe.relabel.background_threshold,
            use_crf=refine.use_crf,
            crf=CrfConfig(iterations=refine.crf_iterations),
            min_piece_share=refine.min_piece_share,
        ),
    )
    write_mask(run_dir.pseudo_path(task.image.id, round_number), labels)
