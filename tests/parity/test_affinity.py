"""AffinityNet's loss in one pass over the pairs is the loss pair by pair; its gradient is the slope."""

import numpy as np
import pytest
import torch

from trainer.benchmarks.reference import pair_loss
from trainer.masks import affinity
from trainer.masks.affinity import affinity_loss
from trainer.masks.backends import affinity_torch

TERMS = ("same_background", "same_object", "different")


@pytest.fixture(params=["compiled", "torch"], autouse=True)
def backend(request, monkeypatch):
    if request.param == "torch":
        monkeypatch.setattr(affinity, "_backend", lambda device: affinity_torch.pair_terms)
    else:
        pytest.importorskip("numba")


def scene(*size, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.choice(np.array([0, 0, 0, 3, 3, 7, 255], np.uint8), size)
    return generator.random(size, dtype=np.float32), labels


@pytest.mark.parametrize(
    ("size", "radius"), [((7, 9), 4), ((5, 12), 10), ((1, 6), 3), ((1, 1), 10), ((3, 2), 1)]
)
def test_terms_are_means_over_the_pairs_of_their_kind(size, radius):
    edges, labels = scene(*size)
    result = affinity_loss(torch.from_numpy(edges)[None], torch.from_numpy(labels)[None], radius)
    expected = pair_loss(edges, labels, radius)
    np.testing.assert_allclose([float(result[name]) for name in TERMS], expected, rtol=1e-5, atol=1e-6)
    assert float(result["loss"]) == pytest.approx(0.25 * expected[0] + 0.25 * expected[1] + 0.5 * expected[2])


def test_a_batch_counts_the_pairs_of_all_its_pictures():
    edges, labels = scene(2, 6, 6)
    result = affinity_loss(torch.from_numpy(edges), torch.from_numpy(labels), 3)
    # Two pictures beside each other, so far apart that no pair joins them.
    gap = np.full((6, 4), 255, np.uint8)
    joined = pair_loss(np.hstack([edges[0], gap / 255, edges[1]]), np.hstack([labels[0], gap, labels[1]]), 3)
    np.testing.assert_allclose([float(result[name]) for name in TERMS], joined, rtol=1e-5)


def test_the_gradient_is_the_slope_of_the_loss():
    edges, labels = scene(2, 5, 6, seed=1)
    variable = torch.from_numpy(edges * 0.8 + 0.1).requires_grad_()
    truth = torch.from_numpy(labels)
    (3.0 * affinity_loss(variable, truth, 3)["loss"]).backward()
    step = 1e-3
    for place in [(0, 0, 0), (0, 2, 3), (1, 4, 5), (1, 1, 2)]:
        ends = []
        for sign in (1, -1):
            moved = variable.detach().clone()
            moved[place] += sign * step
            ends.append(float(affinity_loss(moved, truth, 3)["loss"]))
        slope = 3.0 * (ends[0] - ends[1]) / (2 * step)
        assert float(variable.grad[place]) == pytest.approx(slope, rel=2e-2, abs=2e-3)


def test_training_on_pairs_draws_the_edge_between_two_regions():
    labels = torch.zeros(1, 6, 9, dtype=torch.uint8)
    labels[:, :, 5:] = 1
    labels[:, :, 4] = 255
    logits = torch.zeros(1, 6, 9, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=30.0)
    for _ in range(60):
        optimizer.zero_grad()
        affinity_loss(logits.sigmoid(), labels, 4)["loss"].backward()
        optimizer.step()
    edges = logits.sigmoid()[0]
    assert edges[:, 3:6].amax(dim=1).min() > 0.7
    assert edges[:, [0, 1, 7, 8]].max() < 0.3


def test_unknown_cells_alone_give_no_loss_and_no_gradient():
    edges = torch.full((1, 4, 4), 0.5, requires_grad=True)
    result = affinity_loss(edges, torch.full((1, 4, 4), 255, dtype=torch.uint8), 3)
    result["loss"].backward()
    assert result["loss"].item() == 0.0
    assert edges.grad.abs().max() == 0.0
