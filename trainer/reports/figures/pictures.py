"""The pictures of a run's figures, and the sentence about the run that is on each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainer.data.dataset import DatasetError, TaggedDataset, TaggedImage
from trainer.data.folder import open_dataset
from trainer.data.images import ImageReadError, read_rgb
from trainer.data.transforms import RgbImage
from trainer.run.directory import Manifest

EVENLY = "Pictures are spread evenly over the split; none was chosen for its looks."


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture of a figure.

    Attributes:
        image: id, file, tags.
        names: classes of its tags.
        pixels: uint8 (H, W, 3).
    """

    image: TaggedImage
    names: tuple[str, ...]
    pixels: RgbImage


def photos(dataset: TaggedDataset, count: int) -> Iterator[Photo]:
    """Yield `count` tagged pictures spread evenly over a dataset; a bad one is replaced by the next."""
    tagged = [image for image in dataset.images if image.tags]
    count = min(count, len(tagged))
    for number in range(count):
        first, end = number * len(tagged) // count, (number + 1) * len(tagged) // count
        for image in tagged[first:end]:
            try:
                pixels = read_rgb(image.path)
            except ImageReadError:
                continue
            yield Photo(image, dataset.names_of(image), pixels)
            break


def dataset_of(manifest: Manifest, split: str) -> TaggedDataset | str:
    """A split of the run's dataset without skipped pictures; or a sentence why it cannot be used any more."""
    record = manifest.dataset
    try:
        dataset = open_dataset(record.root, split).without(record.skipped or {})
    except DatasetError as error:
        return f"The dataset of the run cannot be read: {error}"
    if not any(image.tags for image in dataset.images):
        return f"Split {split} of {record.root} has no tagged pictures."
    return dataset


def run_line(manifest: Manifest, split: str) -> str:
    """Recipe, dataset and split, in one sentence."""
    recipe, record = manifest.recipe, manifest.dataset
    backbone = recipe.get("backbone", {}).get("name")
    return (
        f"Recipe {recipe.get('name')}, backbone {backbone}, seed {recipe.get('seed')}; dataset "
        f"{Path(record.root).name}, trained on {record.pictures} pictures of split {record.split}; pictures "
        f"shown are from split {split}; run started {manifest.created}."
    )
