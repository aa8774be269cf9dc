"""Multi-scale CAMs of several pictures at once: views of the same size go through the network together.

The maps are those of `trainer.cams.compute.multi_scale_cams`, up to the rounding of the network for another
batch size. They stay on the device until the caller takes them from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from trainer.cams.compute import multi_scale_steps, over_maximum
from trainer.cams.sources import CamSources
from trainer.cams.views import PictureViews
from trainer.data.transforms import RgbImage


@dataclass(eq=False)
class PictureRequest:
    """A picture whose maps are wanted, resized for every classifier and scale.

    Attributes:
        image_rgb: uint8 (H, W, 3).
        class_names: its K tags, each once; may be empty.
        views: one for each classifier, made by `of`.
    """

    image_rgb: RgbImage
    class_names: tuple[str, ...]
    views: tuple[PictureViews, ...] = field(repr=False)

    @classmethod
    def of(cls, sources: CamSources, image_rgb: RgbImage, class_names: Sequence[str]) -> PictureRequest:
        """Resize a picture to all scales on this thread; reader threads call it ahead of the network.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        views = tuple(
            PictureViews(source.classifier, image_rgb, source.config or sources.config)
            for source in sources.all
        )
        for one in views:
            one.resize()
        return cls(image_rgb, tuple(class_names), views)


def batched_cams(
    sources: CamSources, requests: Sequence[PictureRequest], device: torch.device, most: int
) -> list[Tensor]:
    """Compute the maps of `CamSources.multi_scale` for several pictures.

    Args:
        sources: the classifiers that the requests were made for.
        requests: pictures of any sizes.
        device: where the classifiers run.
        most: number of pictures that go through a network together; at least 1. Features of all requests are
            held at the same time, so ask for a few times as many pictures, not for all of a dataset.

    Returns:
        For each request maps float32 (K, h, w) in [0, 1] on the device.
    """
    by_source = []
    with torch.inference_mode():
        for position in range(len(sources.all)):
            views = [request.views[position] for request in requests]
            features = _features(views, device, most)
            by_source.append(
                [
                    _maps(one, found, request.class_names)
                    for one, found, request in zip(views, features, requests, strict=True)
                ]
            )
        return [sources.mean_of(maps) for maps in zip(*by_source, strict=True)]


def _features(views: Sequence[PictureViews], device: torch.device, most: int) -> list[dict[float, Tensor]]:
    """Features (1 or 2, C, h, w) of each picture by scale."""
    found: list[dict[float, Tensor]] = [{} for _ in views]
    for scale in sorted({1.0, *views[0].config.scales} if views else ()):
        alike: dict[tuple[int, int], list[int]] = {}
        for position, one in enumerate(views):
            alike.setdefault(one.input_size(scale), []).append(position)
        for positions in alike.values():
            for start in range(0, len(positions), most):
                chunk = positions[start : start + most]
                inputs = [views[position].inputs(scale, device) for position in chunk]
                features = views[0].classifier.features(torch.cat(inputs) if len(inputs) > 1 else inputs[0])
                parts = torch.split(features, [len(one) for one in inputs])
                for position, part in zip(chunk, parts, strict=True):
                    found[position][scale] = part
    return found


def _maps(views: PictureViews, features: dict[float, Tensor], class_names: Sequence[str]) -> Tensor:
    weights = views.classifier.class_weights(views.cropped(features[1.0], 1.0), class_names)
    scaled = (features[scale] for scale in sorted(views.config.scales))
    return over_maximum(multi_scale_steps(views, scaled, weights).result_khw)
