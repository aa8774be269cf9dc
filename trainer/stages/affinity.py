"""Stage 3: confident labels from the CAMs, and the network trained on them that guides the walk.

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
from trainer.data.transforms import RgbImage, limited_size, normalized_tensor, resize_image
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import map_images
from trainer.masks.affinity import affinity_loss, confident_labels
from trainer.masks.crf import CrfConfig
from trainer.masks.displacement import displacement_loss
from trainer.masks.psa import AFFINITY_CRF, agreed_labels, psa_loss
from trainer.models.edges import save_edge_network
from trainer.nn.affinity import EDGE_STRIDE, EdgeNetwork
from trainer.nn.encoders import Encoder, EncoderSpec
from trainer.nn.psa import PSA_STRIDE, PsaNetwork
from trainer.pretrained.encoders import load_encoder
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, load_maps
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
    """Label the pictures where the CAMs are confident, train what guides the walk, and store it.

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
    encoder = load_encoder(context.recipe.backbone, output_stride=_OUTPUT_STRIDE)
    network, step, stride = build_affinity(encoder, config)
    # The authors' displacement branch learned ten times as fast as the edges, whose rate was that of the
    # recipes, with hardly any momentum. With a momentum of 0.9 every step counts ten times already.
    fast_field = config.optimizer.method == "sgd" and config.optimizer.momentum < 0.5
    trains_backbone = config.method == "psa" and config.psa.trains_backbone
    outcome = train(
        context,
        Training(
            stage=NAME,
            step=step,
            samples=confidently_labelled(
                context.dataset, context.run_dir, config.view, encoder.spec, stride=stride
            ),
            config=config,
            # Where only new layers are trained, they get the recipe's rate without the factor for new layers.
            is_new=lambda name: (
                (fast_field and name.startswith("network.displacement."))
                or (trains_backbone and not name.startswith("network.encoder."))
            ),
        ),
    )
    if context.processes.is_main:
        if isinstance(network, EdgeNetwork) and network.displacement is not None:
            centre_displacements(network, context)
        save_edge_network(context.run_dir.model_path(NAME), network, context.recipe)
    return StageResult(
        {"steps": outcome.steps, "training_seconds": round(outcome.seconds, 1), "losses": outcome.losses}
    )


def build_affinity(
    encoder: Encoder, config: AffinityConfig
) -> tuple[EdgeNetwork | PsaNetwork, nn.Module, int]:
    """The network of `config.method`, its training step, and picture pixels per label of the step."""
    if config.method == "psa":
        affinity_net = PsaNetwork(encoder, trains_backbone=config.psa.trains_backbone)
        return affinity_net, PsaStep(affinity_net, config.radius), PSA_STRIDE
    network = EdgeNetwork(encoder, displacement=config.displacement)
    return network, AffinityStep(network, config.radius), EDGE_STRIDE


def label_path(run_dir: RunDir, identifier: str) -> Path:
    """File of a picture's confident labels: palette PNG of its size, void where nothing is confident."""
    return run_dir.path / Folder.AFFINITY / f"{identifier}.png"


def confidently_labelled(
    dataset: TaggedDataset,
    run_dir: RunDir,
    view: ViewConfig,
    spec: EncoderSpec,
    *,
    stride: int = EDGE_STRIDE,
) -> LabelledViews:
    """Random views of the pictures with their confident labels, one for `stride` pixels along each side."""
    return LabelledViews(dataset, functools.partial(_confident_labels_of, run_dir), view, spec, stride=stride)


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
    labels = labels_to_learn(read_rgb(image.path), stored, config)
    write_mask(label_path(run_dir, image.id), labels)


def labels_to_learn(image_rgb: RgbImage, maps: ClassMaps, config: AffinityConfig) -> NDArray[np.uint8]:
    """The confident labels of a picture, uint8 (H, W), as `config.method` makes them from its CAMs."""
    if config.method == "psa":
        return agreed_labels(
            image_rgb,
            maps.maps_khw,
            maps.class_indices,
            low_power=config.psa.low_power,
            high_power=config.psa.high_power,
            crf=AFFINITY_CRF.model_copy(update={"iterations": config.crf_iterations}),
        )
    return confident_labels(
        image_rgb,
        maps.maps_khw,
        maps.class_indices,
        foreground_threshold=config.foreground_threshold,
        background_threshold=config.background_threshold,
        crf=CrfConfig(iterations=config.crf_iterations),
    )


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
        if self.network.displacement is None:
            logits = self.network(batch["images"])
            return affinity_loss(logits.float().sigmoid(), batch["labels"], self._radius)
        logits, field = self.network.edges_and_field(batch["images"])
        edges = affinity_loss(logits.float().sigmoid(), batch["labels"], self._radius)
        displacements = displacement_loss(field, batch["labels"], self._radius)
        return {**edges, **displacements, "loss": edges["loss"] + displacements["loss"]}


def centre_displacements(network: EdgeNetwork, context: StageContext) -> None:
    """Measure the mean displacement over the training pictures, which evaluation mode subtracts.

    Raises:
        ImageReadError: a picture is missing or damaged.
    """
    branch = network.displacement
    if branch is None:
        raise ValueError("The network has no displacement branch.")
    device, side = context.device, context.recipe.affinity.view.max_side
    network.to(device.device).eval()
    branch.mean.zero_()
    total = torch.zeros(2, dtype=torch.float64)
    for image in context.dataset.images:
        context.stop.check()
        pixels = read_rgb(image.path)
        size = limited_size(pixels.shape[0], pixels.shape[1], side)
        views = normalized_tensor(
            resize_image(pixels, size), network.encoder.spec.mean, network.encoder.spec.std
        )
        with torch.inference_mode():
            total += network.field(views.to(device.device)).double().mean(dim=(0, 2, 3)).cpu()
    branch.mean.copy_((total / max(1, len(context.dataset))).float())


class PsaStep(nn.Module):
    """One training step of AffinityNet: features of the pictures, then the loss over pairs of cells."""

    def __init__(self, network: PsaNetwork, radius: int) -> None:
        super().__init__()
        self.network = network
        self._radius = radius

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002
        """Losses by name, see `trainer.masks.psa.psa_loss`.

        Args:
            batch: "images" (N, 3, H, W), normalised, and "labels" uint8 (N, ceil(H / 8), ceil(W / 8)).
            progress: share of the training that is done; not used.
        """
        return psa_loss(self.network(batch["images"]).float(), batch["labels"], self._radius)
