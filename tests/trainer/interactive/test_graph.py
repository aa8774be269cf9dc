"""The graph of a picture and its solver, against arithmetic written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.interactive.graph import build_graph, nested_dissection


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_dissection_holds_every_cell_once(rows: int, columns: int) -> None:
    order = nested_dissection((rows, columns))
    np.testing.assert_array_equal(np.sort(order), np.arange(rows * columns))


def test_a_separating_line_comes_after_both_of_its_sides() -> None:
    rank = np.empty(7 * 20, dtype=np.intp)
    rank[nested_dissection((7, 20))] = np.arange(7 * 20)
    by_cell = rank.reshape(7, 20)
    assert by_cell[:, 10].min() > by_cell[:, :10].max()
    assert by_cell[:, 10].min() > by_cell[:, 11:].max()


@pytest.mark.parametrize("size", [(24, 60), (8, 8), (1, 1)])
def test_the_walker_is_the_solution_of_its_linear_system(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    graph = build_graph(rng.integers(0, 255, (*size, 3), dtype=np.uint8))
    count = graph.laplacian.shape[0]
    pull = rng.uniform(1e-3, 1e3, count)
    target = rng.dirichlet((1.0, 1.0, 1.0), count)
    found = graph.solver(pull)(target)
    expected = np.linalg.solve(graph.laplacian.toarray() + np.diag(pull), pull[:, None] * target)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-9)
