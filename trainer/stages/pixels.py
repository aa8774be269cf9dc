"""Stage 4: self-training. A pixel classifier learns the confident labels of all pictures (not in the paper).

The CAM of a single picture shares the errors of its classifier. The confident labels of hundreds of pictures
together show what a class looks like beyond its most telling part, and what background looks like. Tags say
which classes a picture shows, in training and afterwards, so the pixel classifier only learns to distinguish
these classes from each other and from background. Its maps replace the CAMs in the random walk. Accepted
masks are among its labels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.config import Recipe
from trainer.contract import AFFINITY, CAMS, PIXELS, Folder
from trainer.data.augment import IGNORE
from trainer.data.images import read_rgb
from trainer.models.pixels import load_pixel_model, save_pixel_network
from trainer.nn.pixels import PixelNetwork
from trainer.pretrained.encoders import load_encoder
from trainer.run.map_storage import ClassMaps, load_maps, save_maps
from trainer.run.stage_context import StageContext
from trainer.stages import affinity
from trainer.stages.image_loop import each_image
from trainer.stages.stage import StageResult
from trainer.training.batches import Batch
from trainer.training.loop import Training, train

NAME = PIXELS
VERSION = 2
NEEDS = (CAMS, AFFINITY)
USES: tuple[str, ...] = ()
MAKES = (f"{Folder.MODELS}/{NAME}.safetensors", Folder.PIXELS)
STARTS_FROM_BACKBONE = True
KEY_IS_COMPLETE = True

_OUTPUT_STRIDE = 16


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Accepted masks are among the labels that AffinityNet made; here they are shown more often."""
    return {"accepted_repeat": recipe.pixels.accepted_repeat}


def run(context: StageContext) -> StageResult:
    """Train on the confident labels that AffinityNet learned from, and store the maps of every picture.

    Raises:
        EncoderError: the backbone or its weights cannot be loaded.
        ArtifactError, ImageReadError: a map or a picture is missing or damaged.
        TrainerError: see `trainer.training.loop.train`.
    """
    if not context.recipe.self_trains:
        return StageResult(skipped=_why_off(context.recipe))
    summary = _train(context)
    context.processes.wait()
    _write_maps(context)
    return StageResult({**summary, "pictures": len(context.dataset)})


def _why_off(recipe: Recipe) -> str:
    if recipe.pixels.enabled:
        return "It learns from the labels of AffinityNet, which the recipe turns off (affinity.enabled)."
    return "The recipe turns it off (pixels.enabled)."


def _train(context: StageContext) -> dict[str, object]:
    config, dataset = context.recipe.pixels, context.dataset
    # All processes, and all attempts after a crash, start from the same random weights.
    torch.manual_seed(context.recipe.seed)
    encoder = load_encoder(context.recipe.backbone, output_stride=_OUTPUT_STRIDE)
    network = PixelNetwork(encoder, dataset.class_count + 1)
    outcome = train(
        context,
        Training(
            stage=NAME,
            step=PixelStep(network),
            samples=affinity.confidently_labelled(
                dataset.with_accepted_repeated(config.accepted_repeat),
                context.run_dir,
                config.view,
                encoder.spec,
            ),
            config=config,
            # Only this network is trained, so it gets the recipe's rate without the factor for new layers.
            is_new=lambda _name: False,
        ),
    )
    if context.processes.is_main:
        save_pixel_network(context.run_dir.model_path(NAME), network, context.recipe, dataset.class_names)
    return {
        "steps": outcome.steps,
        "training_seconds": round(outcome.seconds, 1),
        "losses": outcome.losses,
    }


def _write_maps(context: StageContext) -> None:
    run_dir = context.run_dir
    model = load_pixel_model(run_dir.model_path(NAME), context.device)
    for image in each_image(context, NAME, is_done=lambda image: run_dir.pixels_path(image.id).is_file()):
        cam = load_maps(run_dir.cam_path(image.id))
        grid_size = (cam.maps_khw.shape[1], cam.maps_khw.shape[2])
        maps_khw = model.maps(read_rgb(image.path), cam.class_indices, grid_size)
        save_maps(run_dir.pixels_path(image.id), ClassMaps(cam.class_indices, cam.image_size, maps_khw))


class PixelStep(nn.Module):
    """One training step: cross-entropy with the confident labels, over the classes in a picture's tags."""

    def __init__(self, network: PixelNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002
        """ "loss": mean over the labelled cells of the batch, 0 if there are none.

        Args:
            batch: "images" (N, 3, H, W), normalised, "labels" uint8 (N, ceil(H / 4), ceil(W / 4)), and
                "possible" bool (N, C), the classes that a picture's pixels can have.
            progress: share of the training that is done; not used.
        """
        labels = batch["labels"].long()
        logits = self.network(batch["images"]).float()
        logits = logits.masked_fill(~batch["possible"][:, :, None, None], -torch.inf)
        total = functional.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="sum")
        return {"loss": total / (labels != IGNORE).sum().clamp(min=1)}
