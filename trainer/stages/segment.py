"""Stage 6: DeepLabv3+ trained on the pseudo-labels, and its predictions of another split (section 4.3).

By method `dsrg` it learns seeds that grow instead. If a person accepted a mask of a picture, the mask
replaces its pseudo-label or its seeds. Each later round trains a new network on its
pseudo-labels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from trainer.config import Recipe
from trainer.contract import REFINE, RELABEL, SEGMENT, EventKind, Folder, in_round
from trainer.data.accepted import accepted_labels
from trainer.data.augment import IGNORE
from trainer.data.class_files import write_class_file
from trainer.data.dataset import DatasetError, TaggedDataset, TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import read_mask
from trainer.data.images import ImageReadError, read_rgb
from trainer.data.masks import write_mask
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import map_images
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.models.segmentation import SegmentationModel, load_segmentation_model, save_segmentation_network
from trainer.nn.encoders import EncoderSpec
from trainer.nn.segmentation import SegmentationNetwork
from trainer.pretrained.encoders import load_encoder
from trainer.run.directory import RunDir
from trainer.run.stage_context import StageContext
from trainer.segment_config import SegmentConfig
from trainer.stages.image_loop import ImageProgress
from trainer.stages.seeds import seeded
from trainer.stages.stage import LaterStage, StageResult
from trainer.training.batches import Batch
from trainer.training.dsrg_step import DsrgStep
from trainer.training.labelled_views import LabelledViews
from trainer.training.loop import Training, train
from trainer.training.requirements import saliency_deviation
from trainer.training_config import ViewConfig

NAME = SEGMENT
VERSION = 2
NEEDS = (REFINE,)
USES: tuple[str, ...] = ()
MAKES = (f"{Folder.MODELS}/{NAME}.safetensors", Folder.SEGMENT)
STARTS_FROM_BACKBONE = True
KEY_IS_COMPLETE = False
"""It also reads the pictures of another split, which are not part of the key."""

_LEAST_PEAK = 0.01
"""Classes that are nowhere this probable are left out of the CRF, whose time grows with their number."""


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Accepted masks take the place of pseudo-labels."""
    return {"accepted": masks}


def in_later_round(number: int) -> LaterStage:
    """The stage in a round after the first."""
    name = in_round(NAME, number)
    return LaterStage(
        NAME=name,
        VERSION=VERSION,
        NEEDS=(in_round(RELABEL, number),),
        MAKES=(f"{Folder.MODELS}/{name}.safetensors", f"{Folder.ROUNDS}/{number}/{Folder.SEGMENT}"),
        STARTS_FROM_BACKBONE=STARTS_FROM_BACKBONE,
        KEY_IS_COMPLETE=KEY_IS_COMPLETE,
        accepted_key=accepted_key,
        run=functools.partial(run, round_number=number),
    )


def run(context: StageContext, round_number: int = 1) -> StageResult:
    """Train on the pseudo-labels, store the network, and segment the pictures of `predict_split`.

    Raises:
        EncoderError: the backbone or its weights cannot be loaded.
        ImageReadError, GroundTruthError: a picture, a pseudo-label or an accepted mask is missing or damaged.
        TrainerUsageError: DSRG finds no seeds.
        TrainerError: see `trainer.training.loop.train`.
    """
    config = context.recipe.segment
    if not config.enabled:
        return StageResult(skipped="The recipe turns it off (segment.enabled).")
    summary = _train(context, round_number)
    context.processes.wait()
    predicted = _predict(context, round_number)
    left_out = None
    if not predicted:
        left_out = (
            f"The network was trained; segmenting pictures was skipped, because the split "
            f"{config.predict_split!r} (segment.predict_split) has no pictures that can be read."
        )
    return StageResult(
        {**summary, "predicted": predicted, "predict_split": config.predict_split}, left_out=left_out
    )


def _train(context: StageContext, round_number: int) -> dict[str, object]:
    config, name = context.recipe.segment, in_round(NAME, round_number)
    grows = config.method == "dsrg" and round_number == 1
    deviation = saliency_deviation(context.recipe, NAME) if grows else None
    if deviation:
        context.events.write(EventKind.WARNING, stage=name, message=deviation)
    # All processes, and all attempts after a crash, start from the same random weights.
    torch.manual_seed(context.recipe.seed)
    network = SegmentationNetwork(
        load_encoder(context.recipe.backbone, output_stride=config.output_stride),
        context.dataset.class_count + 1,
        batch_statistics=config.batch_statistics,
        decoder_statistics=config.decoder_statistics,
        decoder_dropout=config.decoder_dropout,
        is_encoder_trained=config.encoder == "trained",
    )
    outcome = train(
        context,
        Training(
            stage=name,
            step=DsrgStep(network, config.dsrg) if grows else SegmentationStep(network),
            samples=seeded(context, network.encoder.spec)
            if grows
            else pseudo_labelled(
                context.dataset, context.run_dir, config.view, network.encoder.spec, round_number
            ),
            config=config,
            is_new=lambda name: not name.startswith("network.encoder."),
        ),
    )
    if context.processes.is_main:
        save_segmentation_network(
            context.run_dir.model_path(name), network, context.recipe, context.dataset.class_names
        )
    return {
        "steps": outcome.steps,
        "training_seconds": round(outcome.seconds, 1),
        "losses": outcome.losses,
    }


class SegmentationStep(nn.Module):
    """One training step: cross-entropy with the pseudo-labels."""

    def __init__(self, network: SegmentationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002
        """ "loss": mean over the labelled pixels of the batch, 0 if there are none.

        Args:
            batch: "images" (N, 3, H, W), normalised, and "labels" uint8 (N, H, W), 255 unlabelled.
            progress: share of the training that is done; not used.
        """
        labels = batch["labels"].long()
        logits = self.network(batch["images"]).float()
        total = functional.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="sum")
        return {"loss": total / (labels != IGNORE).sum().clamp(min=1)}


def pseudo_labelled(
    dataset: TaggedDataset, run_dir: RunDir, view: ViewConfig, spec: EncoderSpec, round_number: int = 1
) -> LabelledViews:
    """Random views of the pictures with their accepted masks, or a round's pseudo-labels of the others."""
    return LabelledViews(dataset, functools.partial(_labels_of, run_dir, round_number), view, spec)


def _labels_of(run_dir: RunDir, round_number: int, image: TaggedImage) -> NDArray[np.uint8]:
    accepted = accepted_labels(image)
    return read_mask(run_dir.pseudo_path(image.id, round_number)) if accepted is None else accepted


@dataclass(frozen=True, eq=False)
class _Prediction:
    """The prediction of a picture, to be written by a worker process.

    Attributes:
        image_path: the picture.
        target: file of the mask.
        labels: class index of each of the L maps.
        probabilities_lhw: float16 (L, h, w) in [0, 1]; may be smaller than the picture.
    """

    image_path: Path
    target: Path
    labels: tuple[int, ...]
    probabilities_lhw: NDArray[np.float16]


def _predict(context: StageContext, round_number: int) -> int:
    """Segment the pictures of `predict_split`, and return how many it has."""
    config, name, run_dir = context.recipe.segment, in_round(NAME, round_number), context.run_dir
    split = config.predict_split
    try:
        images = open_dataset(context.dataset.root, split).images
    except DatasetError as error:
        context.events.write(EventKind.WARNING, stage=name, message=f"No pictures are segmented: {error}")
        return 0

    def target_of(image: TaggedImage) -> Path:
        return run_dir.prediction_path(split, image.id, round_number)

    share = context.processes.share(images)
    todo = [image for image in share if not target_of(image).is_file()]
    progress = ImageProgress(context, name, done=len(share) - len(todo), total=len(share))
    model = load_segmentation_model(run_dir.model_path(name), context.device)
    workers = max(1, available_cpu_count() // context.processes.count)
    predictions = _predictions(context, model, todo, target_of)
    for _ in map_images(
        functools.partial(_write_prediction, config), predictions, total=len(todo), workers=workers
    ):
        progress.advance()
    progress.finish()
    if context.processes.is_main:
        write_class_file(run_dir.predictions_path(split, round_number), context.dataset.class_names)
    return len(images)


def _predictions(
    context: StageContext,
    model: SegmentationModel,
    images: Iterable[TaggedImage],
    target_of: Callable[[TaggedImage], Path],
) -> Iterator[_Prediction]:
    config = context.recipe.segment
    for image in images:
        try:
            picture = read_rgb(image.path)
        except ImageReadError as error:
            if context.recipe.on_bad_image == "stop":
                raise
            context.events.write(EventKind.IMAGES_SKIPPED, count=1, reasons={image.id: str(error)})
            continue
        logits = model.logits(
            picture, scales=config.test_scales, flip=config.test_flip, max_side=config.test_max_side
        )
        labels, probabilities = probable_classes(logits)
        yield _Prediction(image.path, target_of(image), labels, probabilities)


def probable_classes(logits: Tensor) -> tuple[tuple[int, ...], NDArray[np.float16]]:
    """Softmax of logits (C, h, w) without classes that are improbable everywhere.

    Returns:
        The indices of the L classes that are left, and their probabilities, float16 (L, h, w).
    """
    probabilities = logits.softmax(dim=0)
    kept = (probabilities.amax(dim=(1, 2)) >= _LEAST_PEAK).nonzero()[:, 0]
    chosen = probabilities[kept].half().cpu().numpy()
    return tuple(kept.tolist()), np.asarray(chosen, dtype=np.float16)


def _write_prediction(config: SegmentConfig, prediction: _Prediction) -> None:
    picture = read_rgb(prediction.image_path)
    height, width = picture.shape[:2]
    probabilities = np.stack(
        [
            cv2.resize(plane.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
            for plane in prediction.probabilities_lhw
        ]
    )
    if config.use_crf and crf_available().available:
        crf = CrfConfig(
            iterations=config.crf_iterations,
            bilateral_sxy_px=config.crf_bilateral_sxy_px,
            bilateral_srgb=config.crf_bilateral_srgb,
        )
        positions = ImageCrf(picture, len(prediction.labels), crf).refine_probabilities(probabilities)
    else:
        positions = np.asarray(probabilities.argmax(axis=0), dtype=np.uint8)
    write_mask(prediction.target, np.array(prediction.labels, dtype=np.uint8)[positions])
