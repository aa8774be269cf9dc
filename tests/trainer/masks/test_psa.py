"""AffinityNet of 2018: affinities, labels, loss and walk, against what they must be on tiny arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.config import RefineConfig
from trainer.masks import psa
from trainer.masks.crf import CrfStatus
from trainer.masks.random_walk import affinity_walk
from trainer.masks.stencil import half_disc
from trainer.masks.walked_maps import PairAffinities, walked_maps
from trainer.run.map_storage import ClassMaps


def two_regions() -> torch.Tensor:
    """Features (2, 4, 6): far apart in the left and the right half."""
    features = torch.zeros(2, 4, 6)
    features[0, :, :3], features[1, :, 3:] = 30.0, 30.0
    return features


def dense_walk(seeds: np.ndarray, features: np.ndarray, radius: int, beta: float, steps: int) -> np.ndarray:
    """Independent: the transition matrix of all pairs, raised to the power."""
    channels, height, width = features.shape
    cells = features.reshape(channels, -1)
    matrix = np.zeros((height * width,) * 2)
    for i in range(height * width):
        for j in range(height * width):
            apart = np.hypot(i // width - j // width, i % width - j % width)
            distance = np.abs(cells[:, i] - cells[:, j]).mean()
            matrix[i, j] = np.exp(-distance) ** beta if apart < radius else 0.0
    matrix /= matrix.sum(axis=1, keepdims=True)
    power = np.linalg.matrix_power(matrix, steps)
    return (seeds.reshape(len(seeds), -1) @ power.T).reshape(seeds.shape)


def test_the_walk_is_the_power_of_the_transition_matrix() -> None:
    rng = np.random.default_rng(0)
    features, seeds = rng.random((3, 5, 7), np.float32), rng.random((2, 5, 7), np.float32)
    affinities = psa.pair_affinities(torch.from_numpy(features), 3)
    walked = affinity_walk(seeds, affinities, radius=3, beta=8.0, log2_steps=4)
    np.testing.assert_allclose(walked, dense_walk(seeds, features, 3, 8.0, 16), atol=2e-4)


def test_equal_features_have_affinity_one() -> None:
    affinities = psa.pair_affinities(torch.ones(4, 3, 3), 2)
    assert set(np.unique(affinities)) == {0.0, 1.0}


def test_a_long_walk_ends_at_the_mean_of_each_region() -> None:
    seeds = np.random.default_rng(1).random((1, 4, 6), dtype=np.float32)
    walked = affinity_walk(seeds, psa.pair_affinities(two_regions(), 3), radius=3, log2_steps=12)
    for region in (np.s_[:, :, :3], np.s_[:, :, 3:]):
        inside = walked[region]
        assert np.ptp(inside) < 1e-3, "the walk has not mixed the region"
        assert seeds[region].min() < inside.mean() < seeds[region].max()


def test_affinities_of_another_radius_are_refused() -> None:
    with pytest.raises(ValueError, match="Radius 4 has"):
        affinity_walk(np.ones((1, 4, 6), np.float32), psa.pair_affinities(two_regions(), 3), radius=4)


def test_the_loss_is_the_mean_over_each_kind_of_pair() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 5, 4, 4, generator=generator, requires_grad=True)
    labels = torch.tensor([[[0, 0, 1, 1]] * 4, [[255, 0, 2, 2]] * 4])
    sums, counts = (
        {"background": 0.0, "same": 0.0, "different": 0.0},
        dict.fromkeys(("background", "same", "different"), 0),
    )
    for picture in range(2):
        for dy, dx in half_disc(3).offsets:
            for y in range(4):
                for x in range(4):
                    if not (0 <= y + dy < 4 and 0 <= x + dx < 4):
                        continue
                    one, two = labels[picture, y, x].item(), labels[picture, y + dy, x + dx].item()
                    if 255 in (one, two):
                        continue
                    cells = features[picture, :, y, x] - features[picture, :, y + dy, x + dx]
                    affinity = torch.exp(-cells.abs().mean())
                    kind = "different" if one != two else "background" if one == 0 else "same"
                    value = 1 + 1e-5 - affinity if kind == "different" else affinity + 1e-5
                    sums[kind] = sums[kind] - value.log()
                    counts[kind] += 1
    means = {kind: sums[kind] / counts[kind] for kind in sums}
    expected = means["background"] / 4 + means["same"] / 4 + means["different"] / 2
    got = psa.psa_loss(features, labels, 3)["loss"]
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    gradients = [torch.autograd.grad(loss, features, retain_graph=True)[0] for loss in (got, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-6)


def test_labels_are_known_where_strong_and_weak_background_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psa, "crf_available", lambda: CrfStatus(False, "off"))
    cam = np.array([[[0.9, 0.3, 0.15, 0.01]]], np.float32)  # (1 - c)^4 and (1 - c)^32 beside c
    labels = psa.agreed_labels(np.zeros((1, 4, 3), np.uint8), cam, (7,))
    # .9 > .0001: object; .3 > .24: object; .15 < .52, .15 > .0055: unknown; .01 < .72: background.
    assert labels.tolist() == [[7, 7, 255, 0]]


def test_background_walks_and_one_half_is_the_decision() -> None:
    cam = np.zeros((1, 8, 12), np.float32)
    cam[:, :, :4] = 1.0
    maps = ClassMaps((3,), (32, 48), cam)
    barriers = PairAffinities(psa.pair_affinities(two_regions(), 3), 16.0)
    walked = walked_maps(maps, barriers, RefineConfig(radius=3, log2_steps=10)).maps_khw[0]
    # The left half of the coarse grid, 6 of 12 cells, has two thirds of object; the right half has none.
    assert walked.shape == (8, 12)
    assert walked[:, :5].min() > 0.6
    assert walked[:, 7:].max() < 0.01
