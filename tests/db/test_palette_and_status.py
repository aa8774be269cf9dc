"""Colours and statuses: small tables that others lean on."""

import doctest

import pytest

import db.palette
import db.status
from db.errors import InvalidInputError
from db.palette import voc_color, voc_hex_color, voc_palette
from db.status import ACTIONS, STATUSES, status_of, statuses_named

# The first 22 colours as printed in the VOC development kit's documentation.
DEVKIT = [
    (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128),
    (128, 128, 128), (64, 0, 0), (192, 0, 0), (64, 128, 0), (192, 128, 0), (64, 0, 128), (192, 0, 128),
    (64, 128, 128), (192, 128, 128), (0, 64, 0), (128, 64, 0), (0, 192, 0), (128, 192, 0), (0, 64, 128),
]  # fmt: skip


def test_colours_are_those_of_the_development_kit() -> None:
    assert [voc_color(index) for index in range(21)] == DEVKIT
    assert voc_hex_color(255) == "#e0e0c0"


def test_the_palette_has_256_different_colours() -> None:
    palette = voc_palette()
    assert len(palette) == 768
    assert len({palette[start : start + 3] for start in range(0, 768, 3)}) == 256


def test_every_action_leads_to_a_status() -> None:
    assert status_of(None) == "new"
    assert {status_of(action) for action in ACTIONS} | {"new"} == set(STATUSES)
    assert status_of("reverted") == "proposed"
    with pytest.raises(InvalidInputError, match="no action 'painted'"):
        status_of("painted")


def test_groups_stand_for_their_statuses() -> None:
    assert statuses_named("todo") == ("new", "proposed", "drafted", "skipped", "returned")
    assert statuses_named("rejected") == ("rejected",)


@pytest.mark.parametrize("module", [db.palette, db.status])
def test_examples_in_the_documentation_are_true(module: object) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
