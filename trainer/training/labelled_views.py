"""Random views of pictures with the labels of their pixels: training data of all but the classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.data.augment import at_cells, draw_view, image_tensor, label_tensor
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.images import read_rgb
from trainer.nn.encoders import EncoderSpec
from trainer.training_config import ViewConfig


@dataclass(frozen=True)
class LabelledViews:
    """Random views of the pictures, each with its labels on the same crop.

    Attributes:
        dataset: the pictures.
        labels_of: returns the labels of a picture, uint8 (H, W), 255 void. It is sent to other processes, so
            it must be a module's function, or a `functools.partial` of one.
        view: how views are drawn.
        spec: normalisation of the network.
        stride: picture pixels per label; each cell has the label of the pixel in its middle.
    """

    dataset: TaggedDataset
    labels_of: Callable[[TaggedImage], NDArray[np.uint8]]
    view: ViewConfig
    spec: EncoderSpec
    stride: int = 1

    def __len__(self) -> int:
        return len(self.dataset)

    def load(self, index: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """A random view of a picture.

        Returns:
            "images" float32 (3, crop, crop), "labels" uint8 (ceil(crop / stride), ceil(crop / stride)), and
            "possible" bool (K + 1,): background, and the classes of the picture's tags and labels.

        Raises:
            ImageReadError, GroundTruthError: the picture or its labels cannot be read.
        """
        image = self.dataset.images[index]
        picture = read_rgb(image.path, at_least_side=self.view.max_side)
        view = draw_view(rng, picture.shape[:2], self.view)
        of_picture = self.labels_of(image)
        possible = np.zeros(256, dtype=bool)
        possible[[0, *image.tags]] = True
        possible[np.unique(of_picture)] = True
        labels = label_tensor(of_picture, view)
        return {
            "images": image_tensor(picture, view, self.spec.mean, self.spec.std),
            "labels": at_cells(labels, self.stride).to(torch.uint8),
            "possible": torch.from_numpy(possible[: self.dataset.class_count + 1]),
        }
