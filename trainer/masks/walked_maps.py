"""Maps after the random walk (paper section 4.3)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.config import RefineConfig
from trainer.machine.device import DeviceChoice
from trainer.masks.random_walk import random_walk
from trainer.nn.losses import EPSILON
from trainer.run.map_storage import ClassMaps


def walked_maps(
    maps: ClassMaps, edges_hw: NDArray[np.float32], config: RefineConfig, device: DeviceChoice | None = None
) -> ClassMaps:
    """The maps of a picture after the random walk, in [0, 1].

    If only the classes walk, their maps are divided by the maximum over all classes, as in the 2021
    reference. If background walks too (`walk_background`; as in AffinityNet, Ahn and Kwak 2018), a map is
    w_k / (w_k + w_0).

    Args:
        maps: CAMs or self-trained maps.
        edges_hw: float32 (h, w) in [0, 1] on their grid.
        config: reach and length of the walk, and whether background walks.
        device: where to compute; None means one thread on the CPU.

    Raises:
        ValueError: shapes or ranges do not fit, see `trainer.masks.random_walk.random_walk`.
    """
    walked = random_walk(
        _shares(maps.maps_khw) if config.walk_background else maps.maps_khw,
        edges_hw,
        radius=config.radius,
        beta=config.beta,
        log2_steps=config.log2_steps,
        device=device.device if device else "cpu",
        threads=None if device else 1,
    )
    if config.walk_background:
        walked = walked.clip(min=0.0)  # the series is exact to 1e-4
        return replace(maps, maps_khw=walked[1:] / (walked[1:] + walked[:1] + EPSILON))
    return replace(maps, maps_khw=walked / (walked.max(initial=0.0) + EPSILON))


def _shares(maps_khw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of background and each class, (K + 1, h, w) with sum 1, from maps that are p_k / (p_k + p_0)."""
    odds = maps_khw / np.maximum(1.0 - maps_khw, EPSILON)
    background = 1.0 / (1.0 + odds.sum(axis=0, keepdims=True))
    return np.concatenate((background, odds * background)).astype(np.float32)
