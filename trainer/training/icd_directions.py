"""Between the epochs of ICD: the direction of each class, from the features of its single-tag pictures.

Everything is exact and computed class by class, so that only one matrix (C, C) is held at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.images import read_rgb
from trainer.data.transforms import limited_size, normalized_tensor, resize_image
from trainer.machine.device import DeviceChoice
from trainer.nn import puzzle
from trainer.nn.icd import IcdNetwork, standardised, towards_cams

_STANDARDISED_ON = 256
"""Pictures, evenly spread, that give mean and deviation of the channels."""

_SIGN_ON = 64
"""Pictures of a class that decide the sign of its direction; their features are kept meanwhile."""


def single_tag_pictures(dataset: TaggedDataset) -> dict[int, tuple[TaggedImage, ...]]:
    """The pictures that have one tag alone, by its mask index; a tag without such a picture has none."""
    tags = sorted({tag for image in dataset.images for tag in image.tags})
    return {tag: tuple(image for image in dataset.images if image.tags == (tag,)) for tag in tags}


@torch.no_grad()
def learn_directions(
    network: IcdNetwork, dataset: TaggedDataset, device: DeviceChoice, max_side: int
) -> None:
    """Set the network's directions, and with what its features are standardised, in place.

    A class has the first axis of its pictures' features, which points to where its CAM is high. A class
    without a single-tag picture keeps the direction that it has.

    Args:
        network: in any mode, which stays.
        dataset: the pictures.
        device: where the network is.
        max_side: longer side of the pictures in pixels.

    Raises:
        ImageReadError: a picture was damaged or removed since the run began.
    """
    was_training = network.training
    network.eval()
    by_class = single_tag_pictures(dataset)
    features = _Features(network, device, max_side)
    everything = [image for images in by_class.values() for image in images]
    step = -(-len(everything) // _STANDARDISED_ON)
    centre, deviation = _channel_statistics(features.of(everything[::step]))
    network.centre.copy_(centre)
    network.deviation.copy_(deviation)
    for tag, images in by_class.items():
        if images:
            network.directions[tag - 1] = _direction(network, features, tag - 1, images)
    network.train(was_training)


def first_axis(second_moment: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit vector w that maximises E[(w . x)^2] = w' M w: the first eigenvector of M (C, C).

    Gradient ascent with |w| = 1, as the authors train it, ends there. Its sign means nothing.
    """
    last = len(second_moment) - 1
    # One vector takes a fraction of the time of all.
    _, vectors = scipy.linalg.eigh(second_moment, subset_by_index=(last, last))
    return np.asarray(vectors[:, 0], dtype=np.float64)


class _Features:
    """Last features of whole pictures, one after the other."""

    def __init__(self, network: IcdNetwork, device: DeviceChoice, max_side: int) -> None:
        self._network = network
        self._device = device
        self._max_side = max_side

    def of(self, images: Sequence[TaggedImage]) -> Iterator[Tensor]:
        """Yield (1, C, h, w), float32, of each picture."""
        network, choice = self._network, self._device
        spec = network.encoder.spec
        for image in images:
            picture = read_rgb(image.path, at_least_side=self._max_side)
            size = limited_size(picture.shape[0], picture.shape[1], self._max_side)
            pixels = normalized_tensor(resize_image(picture, size), spec.mean, spec.std)
            padded = puzzle.pad_to_multiple(pixels, network.output_stride).to(choice.device)
            with torch.autocast(choice.device.type, choice.dtype, enabled=choice.uses_autocast):
                features = network.last_features(padded)
            yield features.float()


def _channel_statistics(features: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and deviation (C,) of the channels over all cells; channels that never change have 1."""
    total = squares = torch.zeros(())
    cells = 0
    for one in features:
        values = one[0].flatten(1).double()
        total = total + values.sum(dim=1)
        squares = squares + values.square().sum(dim=1)
        cells += values.shape[1]
    mean = total / cells
    deviation = (squares / cells - mean.square()).clamp(min=0.0).sqrt()
    return mean.float(), torch.where(deviation > 1e-6, deviation, 1.0).float()


def _direction(
    network: IcdNetwork, features: _Features, position: int, images: Sequence[TaggedImage]
) -> Tensor:
    channels = network.encoder.channels
    moment = torch.zeros((channels, channels), dtype=torch.float64)
    cells, kept, cams = 0, [], []
    for number, one in enumerate(features.of(images)):
        values = standardised(one, network.centre, network.deviation)[0].flatten(1)
        moment += (values @ values.T).double().cpu()
        cells += values.shape[1]
        if number < _SIGN_ON:
            kept.append(values.half())
            cams.append(network.classifier(one)[0, position].relu().flatten())
    direction = torch.from_numpy(first_axis((moment / cells).numpy())).to(network.directions)
    scores = torch.cat([direction @ values.float() for values in kept])
    return towards_cams(direction, scores, torch.cat(cams))
