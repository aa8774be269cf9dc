"""Stage 5: random walk and dense CRF, from CAMs or self-trained maps to pseudo-labels (paper section 4.3)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.config import Recipe, RefineConfig
from trainer.contract import AFFINITY, CAMS, PIXELS, REFINE, Folder
from trainer.data.class_files import write_class_file
from trainer.data.dataset import TaggedImage
from trainer.data.images import read_rgb
from trainer.data.masks import write_mask
from trainer.data.saliency import saliency_of
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import map_images
from trainer.masks.crf import CrfConfig
from trainer.masks.instances import find_instances
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label, salient_maps
from trainer.masks.walked_maps import Barriers, walked_maps
from trainer.models.edges import EdgeModel, WalkModel, load_edge_model
from trainer.run.directory import RunDir
from trainer.run.instance_storage import save_instances
from trainer.run.map_storage import load_maps, save_maps
from trainer.run.stage_context import StageContext
from trainer.saliency_config import SaliencyConfig
from trainer.stages.image_loop import ImageProgress
from trainer.stages.stage import StageResult

NAME = REFINE
VERSION = 1
NEEDS = (CAMS, AFFINITY, PIXELS)
USES: tuple[str, ...] = ()
MAKES = (Folder.WALK, Folder.PSEUDO, Folder.INSTANCES)
STARTS_FROM_BACKBONE = False
KEY_IS_COMPLETE = True


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
    config, run_dir = context.recipe.refine, context.run_dir
    has_walk = context.recipe.walks
    share = context.processes.share(context.dataset.images)
    todo = [image for image in share if not run_dir.pseudo_path(image.id).is_file()]
    progress = ImageProgress(context, NAME, done=len(share) - len(todo), total=len(share))
    model = load_edge_model(run_dir.model_path(AFFINITY), context.device) if has_walk and todo else None
    workers = max(1, available_cpu_count() // context.processes.count)
    finish = functools.partial(_finish, run_dir, config, context.recipe.saliency)
    for _ in map_images(finish, _tasks(todo, run_dir, config, model), total=len(todo), workers=workers):
        progress.advance()
    progress.finish()
    if context.processes.is_main:
        write_class_file(run_dir.path / Folder.PSEUDO, context.dataset.class_names)
    source = context.recipe.saliency.source
    said = {} if source == "none" else {"saliency": source}
    return StageResult({"pictures": len(context.dataset), "random_walk": has_walk, **said})


def _tasks(
    images: Iterable[TaggedImage], run_dir: RunDir, config: RefineConfig, model: WalkModel | None
) -> Iterator[_Task]:
    """The tasks of the workers. The network, and the random walk on a GPU, run in this process."""
    for image in images:
        if model is None:
            yield _Task(image, None)
            continue
        maps = load_maps(run_dir.seed_path(image.id))
        grid_size = (maps.maps_khw.shape[1], maps.maps_khw.shape[2])
        pixels = read_rgb(image.path)
        barriers = model.barriers(pixels, grid_size, config.radius)
        edges = field = None
        if isinstance(model, EdgeModel) and model.has_displacements and isinstance(barriers, np.ndarray):
            edges, field = barriers, model.displacements(pixels, grid_size)
        if model.device.device.type == "cpu":
            yield _Task(image, barriers, edges, field)
        else:
            save_maps(run_dir.walk_path(image.id), walked_maps(maps, barriers, config, model.device))
            yield _Task(image, None, edges, field)


def _finish(run_dir: RunDir, config: RefineConfig, saliency: SaliencyConfig, task: _Task) -> None:
    """Random walk (if still to be done), threshold, CRF, no specks; the pseudo-label is written last."""
    identifier = task.image.id
    walk_path = run_dir.walk_path(identifier)
    if task.barriers is not None:
        save_maps(walk_path, walked_maps(load_maps(run_dir.seed_path(identifier)), task.barriers, config))
    if task.edges_hw is not None and task.field_2hw is not None:
        found = find_instances(
            load_maps(run_dir.seed_path(identifier)),
            task.edges_hw,
            task.field_2hw,
            threshold=config.instance_threshold,
            radius=config.radius,
            beta=config.beta,
            log2_steps=config.log2_steps,
        )
        save_instances(run_dir.instances_path(identifier), found)
    maps = load_maps(run_dir.final_path(identifier))
    image = read_rgb(task.image.path)
    labels = pseudo_label(
        image,
        salient_maps(maps.maps_khw, saliency_of(saliency, task.image, image), saliency.background_threshold),
        maps.class_indices,
        PseudoLabelConfig(
            background_threshold=config.background_threshold,
            use_crf=config.use_crf,
            crf=CrfConfig(iterations=config.crf_iterations),
            min_piece_share=config.min_piece_share,
        ),
    )
    write_mask(run_dir.pseudo_path(identifier), labels)
