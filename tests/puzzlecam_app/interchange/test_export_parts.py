"""Names and boundaries of an export, on inputs small enough to check by eye or by brute force."""

import doctest
import re

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzlecam_app.interchange.safe_names as module
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.void_boundary import with_void_boundary


@given(st.sets(st.text(max_size=20), max_size=12))
def test_safe_names_are_plain_and_unique_everywhere(names: set[str]) -> None:
    safe = safe_names(names)
    assert safe.keys() == names
    assert len({name.casefold() for name in safe.values()}) == len(names)
    for name in safe.values():
        assert re.fullmatch(r"[\w.-]+", name)
        assert not name.startswith(".")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("2007_000033", "2007_000033"),
        ("frame.001", "frame.001"),
        ("v1.0", "v1.0"),
        ("_DSC0123", "_DSC0123"),
        ("-x", "-x"),
        ("a.", "a."),
        ("cats/my cat", "cats_my_cat"),
        ("cafe\u0301", "café"),
        ("кошка", "кошка"),
        ("../../etc/passwd", "__.._etc_passwd"),
        (".hidden", "_hidden"),
        ("con", "con_"),
        ("***", "picture_"),
    ],
)
def test_how_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_names([name]) == {name: safe}


def test_long_names_that_begin_alike_stay_apart_and_fit_a_file_system() -> None:
    long, other = "ж" * 150 + "a", "ж" * 150 + "b"

    names = safe_names([long, other])

    assert len(set(names.values())) == 2
    assert all(len(name.encode()) <= 200 for name in names.values())
    assert safe_names([other])[other] == names[other]


def test_a_name_that_is_safe_already_is_never_the_one_to_change() -> None:
    assert safe_names(["A b", "a_b"]) == {"a_b": "a_b", "A b": "A_b_2"}


def test_taken_names_are_not_given_again() -> None:
    assert safe_names(["a"], taken=["A"]) == {"a": "a_2"}


def test_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(module) == (0, 2)


def _brute_force(mask: np.ndarray, radius: int) -> np.ndarray:
    """Void wherever any pixel in a square of `radius` has another class; only for radius 0 and 1."""
    height, width = mask.shape
    result = mask.copy()
    offsets = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)] if radius else [(0, 0)]
    for y in range(height):
        for x in range(width):
            for dy, dx in offsets:
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    neighbour = mask[y + dy, x + dx]
                    if 255 not in (mask[y, x], neighbour) and neighbour != mask[y, x]:
                        result[y, x] = 255
    return result


@settings(deadline=None)
@given(
    mask=npst.arrays(
        np.uint8,
        npst.array_shapes(min_dims=2, max_dims=2, max_side=7),
        elements=st.sampled_from([0, 1, 2, 254, 255]),
    ),
    radius=st.integers(0, 1),
)
def test_the_boundary_is_where_classes_meet(mask: np.ndarray, radius: int) -> None:
    np.testing.assert_array_equal(with_void_boundary(mask, radius), _brute_force(mask, radius))


def test_the_band_is_as_wide_as_asked_and_void_does_not_grow() -> None:
    row = np.array([[0, 0, 0, 0, 1, 1, 1, 1, 255, 1, 1, 1, 1]], np.uint8)
    expected = [[0, 0, 255, 255, 255, 255, 1, 1, 255, 1, 1, 1, 1]]
    np.testing.assert_array_equal(with_void_boundary(row, 2), expected)


def test_the_mask_that_was_given_is_left_alone() -> None:
    mask = np.array([[0, 1]], np.uint8)
    with_void_boundary(mask, 1)
    with_void_boundary(mask, 0)[0, 0] = 9
    np.testing.assert_array_equal(mask, [[0, 1]])
