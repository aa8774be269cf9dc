"""Stage 1: train the classifier by the method that the recipe names; Puzzle-CAM unless it says otherwise.

If people accepted masks, a pixel-wise loss also compares the maps of these pictures with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.cams.trained import save_classifier
from trainer.classify_config import ClassifyConfig
from trainer.config import Recipe
from trainer.contract import CLASSIFY, EventKind, Folder
from trainer.data.accepted import accepted_labels
from trainer.data.augment import IGNORE, at_cells, coverage_tensor, draw_view, image_tensor, label_tensor
from trainer.data.dataset import TaggedDataset
from trainer.data.images import read_rgb
from trainer.data.superpixels import superpixels
from trainer.data.tag_words import TagWords
from trainer.nn.classifier import CamNetwork, init_head_from_imagenet
from trainer.nn.encoders import EncoderSpec
from trainer.nn.methods import build_classifier
from trainer.pretrained.encoders import load_encoder
from trainer.run.stage_context import StageContext
from trainer.stages.stage import StageResult
from trainer.training.cam_film import CamFilm
from trainer.training.cam_monitor import CamMonitor
from trainer.training.kept_epochs import KeptEpochs
from trainer.training.log import Alarm
from trainer.training.loop import Training, train
from trainer.training.methods import between_epochs, build_step
from trainer.training.requirements import saliency_deviation
from trainer.training_config import ViewConfig

NAME = CLASSIFY
VERSION = 1
NEEDS: tuple[str, ...] = ()
USES: tuple[str, ...] = ()
MAKES = (f"{Folder.MODELS}/{NAME}.safetensors", Folder.FILM, Folder.EPOCHS)
STARTS_FROM_BACKBONE = True
KEY_IS_COMPLETE = True


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:
    """Accepted masks count through the pixel-wise term of the loss, unless its weight is 0."""
    weight = recipe.accepted_pixel_weight
    return {} if weight == 0 else {"accepted": masks, "pixel_weight": weight}


def run(context: StageContext) -> StageResult:
    """Train the classifier and store it.

    Raises:
        EncoderError: the backbone or its weights cannot be loaded.
        TrainerError: see `trainer.training.loop.train`.
    """
    network = build_network(context)
    config = context.recipe.classify
    deviation = saliency_deviation(context.recipe, NAME)
    if deviation:
        context.events.write(EventKind.WARNING, stage=NAME, message=deviation)
    monitor = CamMonitor(context.dataset.class_names, context.device.device)
    film = CamFilm(network, context.dataset, context.run_dir, context.device, context.events)
    kept = KeptEpochs(network, context.recipe, context.dataset.class_names, context.run_dir)

    def end_epoch(epoch: int) -> Iterable[Alarm]:
        between_epochs(context, network, epoch)
        if context.processes.is_main:
            film.capture(epoch)
            kept.keep(epoch)
        return monitor.end_epoch(epoch)

    if context.processes.is_main:
        film.capture_start()
        kept.keep_start()
    outcome = train(
        context,
        Training(
            stage=NAME,
            step=build_step(network, config, monitor, pixel_weight=context.recipe.accepted_pixel_weight),
            samples=TaggedViews(
                context.dataset,
                config.view,
                network.encoder.spec,
                mask_stride(context),
                superpixels_of(config),
            ),
            config=config,
            is_new=lambda name: not name.startswith("network.encoder."),
            end_epoch=end_epoch,
        ),
    )
    if context.processes.is_main:
        save_classifier(
            context.run_dir.model_path(NAME), network, context.recipe, context.dataset.class_names
        )
    return StageResult(
        {"steps": outcome.steps, "training_seconds": round(outcome.seconds, 1), "losses": outcome.losses}
    )


def build_network(context: StageContext) -> CamNetwork:
    """The network before training: backbone from ImageNet, head as set by `head_init`."""
    recipe = context.recipe
    # All processes, and all attempts after a crash, start from the same random weights.
    torch.manual_seed(recipe.seed)
    encoder = load_encoder(recipe.backbone, output_stride=recipe.classify.output_stride)
    network = build_classifier(encoder, context.dataset.class_count, recipe.classify)
    if recipe.classify.head_init == "imagenet":
        words = TagWords(context.run_dir.aliases_path)
        rows = [words.match(name).imagenet_indices for name in context.dataset.class_names]
        init_head_from_imagenet(network, rows)
    return network


def mask_stride(context: StageContext) -> int | None:
    """Side in pixels of the cells that accepted masks are averaged over; None if they are not used."""
    recipe = context.recipe
    counts = bool(context.dataset.accepted) and recipe.accepted_pixel_weight > 0
    return recipe.classify.output_stride if counts else None


def superpixels_of(config: ClassifyConfig) -> tuple[int, int] | None:
    """How many superpixels a picture has at most, and the pixels of a cell; None if they are not used."""
    return (config.icd.superpixels, config.output_stride) if config.method == "icd" else None


class TaggedViews:
    """Random views of the pictures with their tags, on which the classifier is trained.

    With `mask_stride` (pixels), each view has the share of every class in each cell of the accepted mask.
    With `superpixels` (how many at most, pixels of a cell), it has the superpixel in the middle of each cell.
    """

    def __init__(
        self,
        dataset: TaggedDataset,
        view: ViewConfig,
        spec: EncoderSpec,
        mask_stride: int | None = None,
        superpixels: tuple[int, int] | None = None,
    ) -> None:
        self._dataset = dataset
        self._view = view
        self._spec = spec
        self._mask_stride = mask_stride
        self._superpixels = superpixels

    def __len__(self) -> int:
        return len(self._dataset)

    def load(self, index: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """ "images" float32 (3, crop, crop) and "labels" float32 (K,).

        With `mask_stride` also "coverage" float32 (K + 1, ceil(crop / stride), ceil(crop / stride)), all zero
        for a picture without an accepted mask. With `superpixels` also "superpixels" uint8
        (ceil(crop / stride), ceil(crop / stride)), 255 outside the picture.

        Raises:
            ImageReadError, GroundTruthError: the picture or its mask was damaged or removed since the run
                began.
        """
        image = self._dataset.images[index]
        picture = read_rgb(image.path, at_least_side=self._view.max_side)
        view = draw_view(rng, picture.shape[:2], self._view)
        sample = {
            "images": image_tensor(picture, view, self._spec.mean, self._spec.std),
            "labels": torch.from_numpy(self._dataset.labels_of(image)),
        }
        if self._mask_stride is not None:
            mask = accepted_labels(image)
            shown = torch.full((view.crop, view.crop), IGNORE) if mask is None else label_tensor(mask, view)
            sample["coverage"] = coverage_tensor(shown, self._mask_stride, self._dataset.class_count)
        if self._superpixels is not None:
            most, stride = self._superpixels
            pieces = label_tensor(superpixels(picture, most), view)
            sample["superpixels"] = at_cells(pieces, stride).to(torch.uint8)
        return sample
