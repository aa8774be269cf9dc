"""Maps after the random walk (paper section 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from trainer.config import RefineConfig
from trainer.machine.device import DeviceChoice
from trainer.masks.psa import background_map
from trainer.masks.random_walk import affinity_walk, random_walk
from trainer.nn.losses import EPSILON
from trainer.run.map_storage import ClassMaps, Maps


@dataclass(frozen=True, eq=False)
class PairAffinities:
    """What AffinityNet of 2018 gives the walk.

    Attributes:
        affinities_ohw: float32 (O, h, w) on its own, coarser grid, see `trainer.masks.psa.pair_affinities`.
        background_power: exponent of the background's map, see `trainer.masks.psa.background_map`.
    """

    affinities_ohw: Maps
    background_power: float


Barriers = NDArray[np.float32] | PairAffinities
"""What guides the walk: edges float32 (h, w) in [0, 1] on the grid of the maps, or affinities of pairs."""


def walked_maps(
    maps: ClassMaps, barriers: Barriers, config: RefineConfig, device: DeviceChoice | None = None
) -> ClassMaps:
    """The maps of a picture after the random walk, in [0, 1].

    If only the classes walk, their maps are divided by the maximum over all classes, as in the 2021
    reference. If background walks too (`walk_background`; as in AffinityNet, Ahn and Kwak 2018), a map is
    w_k / (w_k + w_0). With `PairAffinities` background always walks; without `walk_background` its map is
    (1 - max) ** power.

    Args:
        maps: CAMs or self-trained maps.
        barriers: edges on their grid, or affinities of pairs.
        config: reach and length of the walk, and whether background walks.
        device: where to compute; None means one thread on the CPU.

    Raises:
        ValueError: shapes or ranges do not fit, see `trainer.masks.random_walk.random_walk`.
    """
    if isinstance(barriers, PairAffinities):
        return _walked_by_affinities(maps, barriers, config, device)
    walked = random_walk(
        _shares(maps.maps_khw) if config.walk_background else maps.maps_khw,
        barriers,
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


def _walked_by_affinities(
    maps: ClassMaps, barriers: PairAffinities, config: RefineConfig, device: DeviceChoice | None
) -> ClassMaps:
    """The walk on the grid of the affinities, and back to that of the maps."""
    if config.walk_background:
        seeds = _shares(maps.maps_khw)
    else:
        background = background_map(maps.maps_khw, barriers.background_power)
        seeds = np.concatenate((background, maps.maps_khw))
    coarse = barriers.affinities_ohw.shape[1:]
    pooled = functional.adaptive_avg_pool2d(torch.from_numpy(seeds)[None], coarse)[0].numpy()
    walked = affinity_walk(
        pooled,
        barriers.affinities_ohw,
        radius=config.radius,
        beta=config.beta,
        log2_steps=config.log2_steps,
        device=device.device if device else "cpu",
        threads=None if device else 1,
    )
    size = (maps.maps_khw.shape[1], maps.maps_khw.shape[2])
    fine = functional.interpolate(
        torch.from_numpy(walked)[None], size=size, mode="bilinear", align_corners=False
    )[0].numpy()
    return replace(maps, maps_khw=fine[1:] / (fine[1:] + fine[:1] + EPSILON))


def _shares(maps_khw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of background and each class, (K + 1, h, w) with sum 1, from maps that are p_k / (p_k + p_0)."""
    odds = maps_khw / np.maximum(1.0 - maps_khw, EPSILON)
    background = 1.0 / (1.0 + odds.sum(axis=0, keepdims=True))
    return np.concatenate((background, odds * background)).astype(np.float32)
