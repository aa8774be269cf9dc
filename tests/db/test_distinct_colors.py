"""Colours for many classes are told apart, and do not change when classes are added."""

import numpy as np

from db.distinct_colors import distinct_colors, oklab
from db.palette import voc_color


def _lab(colors: tuple[str, ...]) -> np.ndarray:
    return oklab(np.array([[int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in colors], float))


def _smallest_distance(lab: np.ndarray) -> float:
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    return float(apart[~np.eye(len(lab), dtype=bool)].min())


def test_fifty_colours_are_further_apart_than_those_of_voc() -> None:
    mine = _smallest_distance(_lab(distinct_colors(50)))
    voc = _smallest_distance(oklab(np.array([voc_color(index) for index in range(1, 51)], float)))
    assert mine > 1.5 * voc


def test_none_is_nearly_black_or_white() -> None:
    assert ((_lab(distinct_colors(50))[:, 0] > 0.4) & (_lab(distinct_colors(50))[:, 0] < 0.95)).all()


def test_the_first_colours_stay_when_classes_are_added() -> None:
    assert distinct_colors(254)[:20] == distinct_colors(20)


def test_the_distance_of_black_and_white_is_one() -> None:
    black, white = oklab(np.array([[0.0, 0, 0], [255, 255, 255]]))
    np.testing.assert_allclose(np.linalg.norm(white - black), 1, atol=1e-4)
