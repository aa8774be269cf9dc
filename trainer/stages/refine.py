"""Stage 5: random walk and dense CRF, from CAMs or self-trained maps to pseudo-labels (paper section 4.3)."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.config import Recipe, RefineConfig
from trainer.contract import AFFINITY, CAMS, PIXELS, REFINE, Folder
from trainer.data.class_files import write_class_file
from trainer.data.dataset import TaggedImage
from trainer.data.images import read_rgb
from trainer.data.masks import write_mask
from trainer.data.saliency import saliency_of
from trainer.data.transforms import RgbImage
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import map_images
from trainer.machine.overlap import read_ahead
from trainer.masks.crf import CrfConfig
from trainer.masks.instances import find_instances
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label, salient_maps
from trainer.masks.walked_maps import Barriers, walked_maps
from trainer.models.edges import EdgeModel, WalkModel, load_edge_model
from trainer.run.directory import RunDir
from trainer.run.instance_storage import save_instances
from trainer.run.map_storage import ClassMaps, load_maps, save_maps
from trainer.run.stage_context import StageContext
from trainer.run.stage_profile import CRF, NETWORK, READING, WALK, WRITING, StageProfile
from trainer.saliency_config import SaliencyConfig
from trainer.stages.image_loop import work_on_images
from trainer.stages.picture_stage import PictureStage, Work
from trainer.stages.stage import StageResult

NAME = REFINE
VERSION = 1
NEEDS = (CAMS, AFFINITY, PIXELS)
USES: tuple[str, ...] = ()
MAKES = (Folder.WALK, Folder.PSEUDO, Folder.INSTANCES)
STARTS_FROM_BACKBONE = False
KEY_IS_COMPLETE = True

_READ_AHEAD: Final = 8
_GROUP: Final = 4
"""Pictures that a process of a cluster takes at a time."""


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Accepted masks count only through the stages before this one."""
    return {}


@dataclass(frozen=True, eq=False)
class _Task:
    """A picture to be finished by a worker process.

    Attributes:
        image: the picture.
        barriers: what guides the random walk if the worker has to do it, else None.
        edges_hw, field_2hw: what tells instances apart; None if the run has no displacement field.
    """

    image: TaggedImage
    barriers: Barriers | None
    edges_hw: NDArray[np.float32] | None = None
    field_2hw: NDArray[np.float32] | None = None


def run(context: StageContext) -> StageResult:
    """Write the walked maps, the instances and the pseudo-labels of all pictures that have none yet.

    Without random walk (`affinity.enabled` or `refine.use_walk` is false) pseudo-labels are made from the
    maps as they are.

    Raises:
        CheckpointError: the edge branch is missing or damaged.
        ArtifactError, ImageReadError: a map or a picture is missing or damaged.
    """
    has_walk = context.recipe.walks
    work_on_images(context, PictureStage(NAME, load, RunDir.pseudo_path, MAKES, _GROUP, uses_cores=True))
    if context.processes.is_main:
        write_class_file(context.run_dir.path / Folder.PSEUDO, context.dataset.class_names)
    source = context.recipe.saliency.source
    said = {} if source == "none" else {"saliency": source}
    return StageResult({"pictures": len(context.dataset), "random_walk": has_walk, **said})


def load(context: StageContext) -> Work:
    """Load what the random walk is guided by."""
    recipe, run_dir = context.recipe, context.run_dir
    model = load_edge_model(run_dir.model_path(AFFINITY), context.device) if recipe.walks else None
    workers = max(1, available_cpu_count() // context.processes.count)
    finish = functools.partial(_finish, run_dir, recipe.refine, recipe.saliency)

    def work(images: Sequence[TaggedImage]) -> Generator[None, None, None]:
        tasks = _tasks(context, images, model)
        for seconds in map_images(finish, tasks, total=len(images), workers=workers):
            context.profile.add(seconds)
            yield

    return work


def _tasks(context: StageContext, images: Iterable[TaggedImage], model: WalkModel | None) -> Iterator[_Task]:
    """The tasks of the workers. The network, and the random walk on a GPU, run in this process."""
    config, run_dir, profile = context.recipe.refine, context.run_dir, context.profile
    if model is None:
        yield from (_Task(image, None) for image in images)
        return

    def read(image: TaggedImage) -> tuple[TaggedImage, ClassMaps, RgbImage]:
        with profile.phase(READING):
            return image, load_maps(run_dir.seed_path(image.id)), read_rgb(image.path)

    for image, maps, picture in read_ahead(read, images, threads=1, ahead=_READ_AHEAD):
        grid_size = (maps.maps_khw.shape[1], maps.maps_khw.shape[2])
        edges = field = None
        with profile.phase(NETWORK, on_device=True):
            barriers = model.barriers(picture, grid_size, config.radius)
            if isinstance(model, EdgeModel) and model.has_displacements and isinstance(barriers, np.ndarray):
                edges, field = barriers, model.displacements(picture, grid_size)
        if model.device.device.type == "cpu":
            yield _Task(image, barriers, edges, field)
        else:
            with profile.phase(WALK):
                walked = walked_maps(maps, barriers, config, model.device)
            with profile.phase(WRITING):
                save_maps(run_dir.walk_path(image.id), walked)
            yield _Task(image, None, edges, field)


def _finish(run_dir: RunDir, config: RefineConfig, saliency: SaliencyConfig, task: _Task) -> dict[str, float]:
    """Random walk (if still to be done), threshold, CRF, no specks; the pseudo-label is written last.

    Returns:
        Seconds by phase, see `trainer.run.stage_profile`.
    """
    identifier, profile = task.image.id, StageProfile()
    if task.barriers is not None:
        with profile.phase(READING):
            seeds = load_maps(run_dir.seed_path(identifier))
        with profile.phase(WALK):
            walked = walked_maps(seeds, task.barriers, config)
        with profile.phase(WRITING):
            save_maps(run_dir.walk_path(identifier), walked)
    if task.edges_hw is not None and task.field_2hw is not None:
        with profile.phase(WALK):
            found = find_instances(
                load_maps(run_dir.seed_path(identifier)),
                task.edges_hw,
                task.field_2hw,
                threshold=config.instance_threshold,
                radius=config.radius,
                beta=config.beta,
                log2_steps=config.log2_steps,
            )
        with profile.phase(WRITING):
            save_instances(run_dir.instances_path(identifier), found)
    with profile.phase(READING):
        maps, picture = load_maps(run_dir.final_path(identifier)), read_rgb(task.image.path)
        salient = saliency_of(saliency, task.image, picture)
    with profile.phase(CRF):
        labels = pseudo_label(
            picture,
            salient_maps(maps.maps_khw, salient, saliency.background_threshold),
            maps.class_indices,
            PseudoLabelConfig(
                background_threshold=config.background_threshold,
                use_crf=config.use_crf,
                crf=CrfConfig(iterations=config.crf_iterations),
                min_piece_share=config.min_piece_share,
            ),
        )
    with profile.phase(WRITING):
        write_mask(run_dir.pseudo_path(identifier), labels)
    return profile.seconds()
