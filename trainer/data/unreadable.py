"""Finds the pictures of a dataset that cannot be read, before hours of training."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trainer.data.dataset import TaggedDataset
from trainer.data.images import ImageReadError, read_rgb
from trainer.machine.device import available_cpu_count


def unreadable_images(dataset: TaggedDataset, workers: int | None = None) -> dict[str, str]:
    """Decode every picture of a dataset; returns id -> reason for those that cannot be read.

    Args:
        dataset: the pictures.
        workers: number of threads; None means one per core.
    """

    def reason(path: Path) -> str | None:
        try:
            read_rgb(path, at_least_side=1)
        except ImageReadError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(workers or available_cpu_count()) as pool:
        reasons = pool.map(reason, (image.path for image in dataset.images))
        return {image.id: text for image, text in zip(dataset.images, reasons, strict=True) if text}
