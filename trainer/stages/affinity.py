"""Stage 3: confident labels from the CAMs, and the edge branch trained on them (paper section 4.3).

If a person accepted a mask of a picture, the mask is its label.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.config import AffinityConfig, Recipe
from trainer.contract import AFFINITY, CAMS, Folder
from trainer.data.accepted import accepted_labels
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.ground_truth import read_mask
from trainer.data.images import read_rgb
from trainer.data.masks import write_mask
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import map_images
from trainer.masks.affinity import affinity_loss, confident_labels
from trainer.masks.crf import CrfConfig
from trainer.models.edges import save_edge_network
from trainer.nn.affinity import EDGE_STRIDE, EdgeNetwork
from trainer.nn.encoders import EncoderSpec
from trainer.pretrained.encoders import load_encoder
from trainer.run.directory import RunDir
from trainer.run.map_storage import load_maps
from trainer.run.stage_context import StageContext
from trainer.stages.image_loop import ImageProgress
from trainer.stages.stage import StageResult
from trainer.training.batches import Batch
from trainer.training.labelled_views import LabelledViews
from trainer.training.loop import Training, train
from trainer.training_config import ViewConfig

NAME = AFFINITY
VERSION = 1
NEEDS = (CAMS,)
USES: tuple[str, ...] = ()
MAKES = (Folder.AFFINITY, f"{Folder.MODELS}/{NAME}.safetensors")
STARTS_FROM_BACKBONE = True
KEY_IS_COMPLETE = True

_OUTPUT_STRIDE = 16


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Accepted masks are labels of the edge branch."""
    return {"accepted": masks}


def run(context: StageContext) -> StageResult:
    """Label the pictures where the CAMs are confident, train the edge branch, and store it.

    Raises:
        EncoderError: the backbone or its weights cannot be loaded.
        ArtifactError, ImageReadError: a CAM file or a picture is missing or damaged.
        TrainerError: see `trainer.training.loop.train`.
    """
    config = context.recipe.affinity
    if not config.enabled:
        return StageResult(skipped="The recipe turns it off (affinity.enabled).")
    make_labels(context)
    context.processes.wait()
    # All processes, and all attempts after a crash, start from the same random weights.
    torch.manual_seed(context.recipe.seed)
    network = EdgeNetwork(load_encoder(context.recipe.backbone, output_stride=_OUTPUT_STRIDE))
    outcome = train(
        context,
        Training(
            stage=NAME,
            step=AffinityStep(network, config.radius),
            samples=confidently_labelled(context.dataset, context.run_dir, config.view, network.encoder.spec),
            config=config,
            # Only the branch is trained, so it gets the recipe's rate without the factor for new layers.
            is_new=lambda _name: False,
        ),
    )
    if context.processes.is_main:
        save_edge_network(context.run_dir.model_path(NAME), network, context.recipe)
    return StageResult(
        {"steps": outcome.steps, "training_seconds": round(outcome.seconds, 1), "losses": outcome.losses}
    )


def label_path(run_dir: RunDir, identifier: str) -> Path:
    """File of a picture's confident labels: palette PNG of its size, void where nothing is confident."""
    return run_dir.path / Folder.AFFINITY / f"{identifier}.png"


def confidently_labelled(
    dataset: TaggedDataset, run_dir: RunDir, view: ViewConfig, spec: EncoderSpec
) -> LabelledViews:
    """Random views of the pictures with their confident labels at the stride of the edge map."""
    return LabelledViews(
        dataset, functools.partial(_confident_labels_of, run_dir), view, spec, stride=EDGE_STRIDE
    )


def _confident_labels_of(run_dir: RunDir, image: TaggedImage) -> NDArray[np.uint8]:
    return read_mask(label_path(run_dir, image.id))


def make_labels(context: StageContext) -> None:
    """Write the confident labels of all pictures that have none yet, on all cores."""
    share = context.processes.share(context.dataset.images)
    todo = [image for image in share if not label_path(context.run_dir, image.id).is_file()]
    progress = ImageProgress(context, NAME, done=len(share) - len(todo), total=len(share))
    label = functools.partial(_label_picture, context.run_dir, context.recipe.affinity)
    workers = max(1, available_cpu_count() // context.processes.count)
    for _ in map_images(label, todo, total=len(todo), workers=workers):
        progress.advance()
    progress.finish()


def _label_picture(run_dir: RunDir, config: AffinityConfig, image: TaggedImage) -> None:
    accepted = accepted_labels(image)
    if accepted is not None:
        write_mask(label_path(run_dir, image.id), accepted)
        return
    stored = load_maps(run_dir.cam_path(image.id))
    labels = confident_labels(
        read_rgb(image.path),
        stored.maps_khw,
        stored.class_indices,
        foreground_threshold=config.foreground_threshold,
        background_threshold=config.background_threshold,
        crf=CrfConfig(iterations=config.crf_iterations),
    )
    write_mask(label_path(run_dir, image.id), labels)


class AffinityStep(nn.Module):
    """One training step: edges of the pictures, then the loss over pairs of cells."""

    def __init__(self, network: EdgeNetwork, radius: int) -> None:
        super().__init__()
        self.network = network
        self._radius = radius

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002
        """Losses by name, see `trainer.masks.affinity.affinity_loss`.

        Args:
            batch: "images" (N, 3, H, W), normalised, and "labels" uint8 (N, ceil(H / 4), ceil(W / 4)).
            progress: share of the training that is done; not used.
        """
        return affinity_loss(self.network(batch["images"]).float().sigmoid(), batch["labels"], self._radius)
