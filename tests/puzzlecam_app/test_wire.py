"""Bytes between server and browser."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from puzzlecam_app.wire import (
    WireError,
    deflate,
    frame_arrays,
    inflate,
    largest_deflated,
    read_frame,
)


@given(st.binary(max_size=2000))
def test_inflate_undoes_deflate(data: bytes) -> None:
    assert inflate(deflate(data), len(data)) == data


@given(st.binary(max_size=5000))
def test_deflated_data_never_exceed_the_limit_that_requests_are_cut_at(data: bytes) -> None:
    for level in (0, 1, 9):
        assert len(zlib.compress(data, level)) <= largest_deflated(len(data))


def test_a_deflate_bomb_is_refused_without_being_expanded() -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    with pytest.raises(WireError, match="more than the 100 bytes"):
        inflate(bomb, 100)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"not zlib", "not deflated data"),
        (deflate(b"abc"), "after 3 of 4 bytes"),
        (deflate(b"abcd")[:-5], "of 4 bytes"),
        (deflate(b"abcd") + b"more", "extra bytes"),
        (b"", "after 0 of 4 bytes"),
    ],
)
def test_damaged_bodies_are_named(body: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message):
        inflate(body, 4)


@given(
    arrays(
        np.float16,
        st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(1, 5)),
        elements=st.floats(0, 1, width=16),
    ),
    arrays(np.uint16, st.tuples(st.integers(1, 4), st.integers(1, 5))),
)
def test_a_frame_gives_back_header_and_arrays(heat: np.ndarray, labels: np.ndarray) -> None:
    frame = frame_arrays({"model": "m", "text": "naïve"}, {"heat": heat, "labels": labels})
    header, read = read_frame(frame)
    assert header == {"model": "m", "text": "naïve"}
    np.testing.assert_array_equal(read["heat"], heat)
    np.testing.assert_array_equal(read["labels"], labels)


def test_arrays_in_a_frame_start_at_multiples_of_eight_bytes() -> None:
    frame = frame_arrays({"a": "b"}, {"x": np.zeros(3, np.uint8), "y": np.zeros(3, np.uint32)})
    start = 8 + int.from_bytes(frame[4:8], "little")
    assert start % 8 == 0
    assert len(frame) == start + 8 + 16


def test_other_bytes_are_not_read_as_a_frame() -> None:
    with pytest.raises(WireError):
        read_frame(b"PNG?aaaaaaaa")
