"""The example pictures of a report, with the result of each stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.data.dataset import DatasetError, TaggedDataset, TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth, read_mask, unreadable_masks
from trainer.data.images import ImageReadError, read_rgb
from trainer.data.transforms import RgbImage
from trainer.reports.pictures import heat_overlay, mask_overlay, photograph
from trainer.run.directory import Manifest, RunDir
from trainer.run.map_storage import load_maps

PICTURES = 8


@dataclass(frozen=True)
class Picture:
    """One thumbnail: a data URL and what it shows."""

    data_url: str
    caption: str


@dataclass(frozen=True)
class Strip:
    """Thumbnails of one photograph, from the photograph to the ground truth."""

    pictures: tuple[Picture, ...]


def example_strips(directory: RunDir, manifest: Manifest) -> Iterator[Strip]:
    """Yield strips of pictures spread evenly over the training split, then over the predicted one.

    A split whose dataset can no longer be read has none.
    """
    record = manifest.dataset
    predicted = str(manifest.recipe["segment"]["predict_split"])
    rounds = range(1, manifest.last_round + 1)
    for split, outputs in ((record.split, _training_outputs), (predicted, _predictions)):
        try:
            dataset = open_dataset(record.root, split).without(record.skipped or {})
        except DatasetError:
            continue
        truth = None if unreadable_masks(dataset) else GroundTruth.of(dataset)
        for image in _spread(dataset):
            try:
                picture = read_rgb(image.path)
            except ImageReadError:
                continue
            made = tuple(outputs(directory, rounds, split, image, picture))
            if not made:
                continue
            caption = f"{image.id} ({split}): {', '.join(dataset.names_of(image)) or 'no tags'}"
            shown = [Picture(photograph(picture), caption), *made]
            if truth is not None and truth.has(image.id):
                shown.append(Picture(mask_overlay(picture, truth.mask(image.id)), "ground truth"))
            yield Strip(tuple(shown))


def _spread(dataset: TaggedDataset) -> list[TaggedImage]:
    count = min(PICTURES, len(dataset))
    return [dataset.images[number * len(dataset) // count] for number in range(count)]


def _training_outputs(
    directory: RunDir, rounds: Sequence[int], _split: str, image: TaggedImage, picture: RgbImage
) -> Iterator[Picture]:
    for caption, path in (
        ("CAM", directory.cam_path(image.id)),
        ("self-trained", directory.pixels_path(image.id)),
        ("after the random walk", directory.walk_path(image.id)),
    ):
        if path.is_file():
            yield Picture(heat_overlay(picture, load_maps(path)), caption)
    for number in rounds:
        path = directory.pseudo_path(image.id, number)
        yield from _mask(path, picture, f"pseudo-label{_of_round(number)}")


def _predictions(
    directory: RunDir, rounds: Sequence[int], split: str, image: TaggedImage, picture: RgbImage
) -> Iterator[Picture]:
    for number in rounds:
        path = directory.prediction_path(split, image.id, number)
        yield from _mask(path, picture, f"segmentation network{_of_round(number)}")


def _of_round(number: int) -> str:
    return f" of round {number}" if number > 1 else ""


def _mask(path: Path, picture: RgbImage, caption: str) -> Iterator[Picture]:
    if path.is_file():
        yield Picture(mask_overlay(picture, read_mask(path)), caption)
