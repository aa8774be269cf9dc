"""The walk by Chebyshev polynomials is the walk by powers of the dense matrix."""

import functools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.benchmarks.reference import dense_random_walk, dense_transition
from trainer.masks import random_walk as walks
from trainer.masks.backends import random_walk_torch
from trainer.masks.random_walk import chebyshev_coefficients, path_affinities, random_walk, transition_weights
from trainer.masks.stencil import half_disc

BACKENDS = ["compiled", "torch"]


@pytest.fixture
def backend(request, monkeypatch):
    if request.param == "torch":
        summed = functools.partial(random_walk_torch.chebyshev_sum, device=torch.device("cpu"))
        monkeypatch.setattr(walks, "_backend", lambda device, threads: summed)
    else:
        pytest.importorskip("numba")
    return request.param


def scene(height, width, *, classes=2, sharpness=3, seed=0):
    generator = np.random.default_rng(seed)
    seeds = generator.random((classes, height, width), dtype=np.float32)
    return seeds, generator.random((height, width), dtype=np.float32) ** sharpness


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (4, 4), (13, 17), (24, 20)])
def test_the_walk_is_the_dense_matrix_power(backend, size):
    seeds, edges = scene(*size)
    assert np.abs(random_walk(seeds, edges) - dense_random_walk(seeds, edges)).max() < 5e-5


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
@pytest.mark.parametrize("settings", [{"radius": 1}, {"radius": 3}, {"beta": 2.5}, {"log2_steps": 0}])
def test_every_setting_means_the_same_as_in_the_dense_walk(backend, settings):
    seeds, edges = scene(9, 11)
    assert (
        np.abs(random_walk(seeds, edges, **settings) - dense_random_walk(seeds, edges, **settings)).max()
        < 5e-5
    )


def test_several_threads_compute_what_one_computes(monkeypatch):
    compiled = pytest.importorskip("trainer.masks.backends.random_walk_numba")
    seeds, edges = scene(23, 20)
    alone = random_walk(seeds, edges, threads=1)
    monkeypatch.setattr(compiled, "_CELLS_PER_THREAD", 1)
    np.testing.assert_array_equal(random_walk(seeds, edges, threads=3), alone)


def test_a_large_stack_of_classes_is_walked_in_parts_with_the_same_result(monkeypatch):
    seeds, edges = scene(6, 7, classes=5)
    monkeypatch.setattr(random_walk_torch, "_PRODUCTS_AT_ONCE", 2 * 81 * 42)
    summed = functools.partial(random_walk_torch.chebyshev_sum, device=torch.device("cpu"))
    monkeypatch.setattr(walks, "_backend", lambda device, threads: summed)
    assert np.abs(random_walk(seeds, edges) - dense_random_walk(seeds, edges)).max() < 5e-5


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**16))
def test_weights_are_symmetric_and_rows_of_the_transition_sum_to_one(height, width, seed):
    _, edges = scene(height, width, seed=seed)
    stencil = half_disc(5)
    weights, degree = transition_weights(edges, stencil, beta=10.0)
    row_sums = np.ones((height, width))
    for pairs in stencil.pairs(height, width):
        row_sums[pairs.first] += weights[pairs.number, *pairs.first]
        row_sums[pairs.second] += weights[pairs.number, *pairs.first]
    np.testing.assert_allclose(row_sums / degree, 1.0, rtol=1e-12)
    dense = dense_transition(edges) * degree.reshape(1, -1)
    np.testing.assert_allclose(dense, dense.T, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 15), st.integers(1, 15), st.integers(0, 2**16))
def test_the_mean_of_the_seeds_weighted_by_degree_is_kept(height, width, seed):
    seeds, edges = scene(height, width, seed=seed)
    _, degree = transition_weights(edges, half_disc(5), beta=10.0)
    before = (seeds * (1 - edges) * degree).sum(axis=(1, 2))
    after = (random_walk(seeds, edges) * degree).sum(axis=(1, 2))
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)


def test_a_constant_stays_constant_where_there_are_no_edges():
    seeds = np.full((1, 8, 9), 0.7, dtype=np.float32)
    np.testing.assert_allclose(random_walk(seeds, np.zeros((8, 9), np.float32)), 0.7, rtol=1e-6)


def test_a_closed_edge_is_never_crossed():
    edges = np.zeros((9, 11), np.float32)
    edges[:, 5] = 1.0
    seeds = np.zeros((1, 9, 11), np.float32)
    seeds[0, 4, 2] = 1.0
    walked = random_walk(seeds, edges)[0]
    assert walked[:, :5].min() > 0.005
    np.testing.assert_allclose(walked[:, 5:], 0.0, atol=1e-6)


def test_coefficients_rebuild_the_power():
    x = np.linspace(-1, 1, 101)
    for power in (0, 1, 2, 7, 256):
        rebuilt = np.polynomial.chebyshev.chebval(x, chebyshev_coefficients(power))
        np.testing.assert_allclose(rebuilt, x**power, atol=2e-5)


def test_the_degree_follows_the_root_of_the_steps_not_the_steps():
    assert len(chebyshev_coefficients(256)) < 80
    assert len(chebyshev_coefficients(65536)) < 1300


def test_affinity_is_one_minus_the_strongest_edge_on_the_path():
    edges = np.array([[0.1, 0.6, 0.2]], np.float32)
    stencil = half_disc(3)
    affinities = path_affinities(edges, stencil)
    beside, beyond = stencil.offsets.index((0, 1)), stencil.offsets.index((0, 2))
    np.testing.assert_allclose(affinities[beside], [[0.4, 0.4, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(affinities[beyond], [[0.4, 0.0, 0.0]], rtol=1e-6)


def test_no_classes_give_no_maps():
    assert random_walk(np.zeros((0, 4, 5), np.float32), np.zeros((4, 5), np.float32)).shape == (0, 4, 5)


@pytest.mark.parametrize(
    ("seeds", "edges", "message"),
    [
        (np.zeros((1, 3, 3)), np.zeros((3, 4)), "same grid"),
        (np.zeros((1, 2, 2)), np.full((2, 2), 1.5), r"Edges must lie in \[0, 1\]"),
        (np.zeros((1, 2, 2)), np.full((2, 2), np.nan), r"Edges must lie in \[0, 1\]"),
        (np.full((1, 2, 2), -1.0), np.zeros((2, 2)), "not negative"),
        (np.full((1, 2, 2), np.inf), np.zeros((2, 2)), "finite"),
    ],
)
def test_bad_input_is_refused_with_what_to_give(seeds, edges, message):
    with pytest.raises(ValueError, match=message):
        random_walk(seeds.astype(np.float32), edges.astype(np.float32))


def test_the_disc_of_radius_five_has_69_cells():
    assert 2 * len(half_disc(5).offsets) + 1 == 69
    with pytest.raises(ValueError, match="at least 1 cell"):
        half_disc(0)
