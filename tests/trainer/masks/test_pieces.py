"""Specks go and holes are filled; what is large enough, void, or painted by a person stays."""

from __future__ import annotations

from collections import Counter, deque

import numpy as np
import pytest

from trainer.masks.pieces import drop_small_pieces

VOID = 255


def painted(rows: str) -> np.ndarray:
    """A mask from digits, `v` for void."""
    return np.array(
        [[VOID if sign == "v" else int(sign) for sign in row] for row in rows.split()], dtype=np.uint8
    )


def test_a_speck_and_a_hole_go_to_what_surrounds_them() -> None:
    mask = painted("00000000 00000220 01111000 01101000 01111000 00000000")
    expected = painted("00000000 00000000 01111000 01111000 01111000 00000000")
    assert (drop_small_pieces(mask, 3 / 48) == expected).all()


def test_a_piece_of_exactly_the_size_stays() -> None:
    mask = painted("00000 01100 00000")
    assert (drop_small_pieces(mask, 2 / 15) == mask).all()
    assert not drop_small_pieces(mask, 2.5 / 15).any()


def test_zero_leaves_the_mask_as_it_is_in_a_new_array() -> None:
    mask = painted("010 101")
    made = drop_small_pieces(mask, 0.0)
    assert (made == mask).all()
    assert made is not mask


def test_the_longest_outline_decides_and_of_equal_ones_the_smallest_label() -> None:
    assert drop_small_pieces(painted("1111 1322 2222"), 2 / 12)[1, 1] == 1
    assert drop_small_pieces(painted("2222 2311 1111"), 2 / 12)[1, 1] == 1


def test_a_thin_line_counts_by_its_area_even_if_it_is_slanted() -> None:
    mask = np.eye(8, dtype=np.uint8)
    assert (drop_small_pieces(mask, 8 / 64) == mask).all()
    assert not drop_small_pieces(mask, 9 / 64).any()


def test_void_stays_and_takes_nothing() -> None:
    mask = painted("0000000 0vvvvv0 0vv1vv0 0vvvvv0 0000v00 0200000")
    expected = mask.copy()
    expected[5, 1] = 0
    assert (drop_small_pieces(mask, 3 / 42) == expected).all()


def test_a_piece_with_a_pixel_of_a_person_stays_whole() -> None:
    mask = painted("000000 011000 000000 000220 000000")
    kept = np.zeros(mask.shape, dtype=bool)
    kept[1, 1] = True
    expected = mask.copy()
    expected[mask == 2] = 0
    assert (drop_small_pieces(mask, 3 / 30, kept) == expected).all()


def test_small_pieces_inside_small_pieces_go_round_by_round() -> None:
    mask = painted("0000000 0111110 0122210 0123210 0122210 0111110 0000000")
    assert not drop_small_pieces(mask, 20 / 49).any()


def test_a_picture_of_small_pieces_alone_stays() -> None:
    mask = np.indices((6, 6))[0].astype(np.uint8)
    assert (drop_small_pieces(mask, 0.5) == mask).all()


def test_kept_pixels_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="kept"):
        drop_small_pieces(np.zeros((2, 2), np.uint8), 0.5, np.zeros((3, 2), bool))


def plainly(mask: np.ndarray, least_share: float) -> np.ndarray:
    """The same, pixel by pixel, as the docstring says it."""
    height, width = mask.shape
    number = np.full(mask.shape, -1)
    pieces: list[list[tuple[int, int]]] = []
    for start in np.ndindex(mask.shape):
        if number[start] >= 0:
            continue
        number[start], piece, waiting = len(pieces), [], deque([start])
        while waiting:
            y, x = waiting.popleft()
            piece.append((y, x))
            for v in range(max(0, y - 1), min(height, y + 2)):
                for u in range(max(0, x - 1), min(width, x + 2)):
                    if number[v, u] < 0 and mask[v, u] == mask[start]:
                        number[v, u] = len(pieces)
                        waiting.append((v, u))
        pieces.append(piece)
    label = [int(mask[piece[0]]) for piece in pieces]
    gives = [len(piece) >= least_share * mask.size and label[n] != VOID for n, piece in enumerate(pieces)]
    while True:
        given: dict[int, int] = {}
        for n, piece in enumerate(pieces):
            if gives[n] or label[n] == VOID:
                continue
            votes: Counter[int] = Counter()
            for y, x in piece:
                for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    if 0 <= v < height and 0 <= u < width and number[v, u] != n and gives[number[v, u]]:
                        votes[label[number[v, u]]] += 1
            if votes:
                given[n] = min(votes, key=lambda one: (-votes[one], one))
        if not given:
            return np.array(label, dtype=np.uint8)[number]
        for n, one in given.items():
            label[n], gives[n] = one, True


@pytest.mark.parametrize("seed", range(6))
def test_it_equals_the_plain_way_on_noise(seed: int) -> None:
    chance = np.random.default_rng(seed)
    mask = chance.choice(np.array([0, 0, 0, 1, 2, VOID], dtype=np.uint8), size=(17, 23))
    mask[4:12, 5:15] = chance.integers(0, 2, dtype=np.uint8)
    for share in (2 / mask.size, 4 / mask.size, 0.05, 0.2):
        assert (drop_small_pieces(mask, share) == plainly(mask, share)).all()
