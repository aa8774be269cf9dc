"""The curated table of tags and their ImageNet classes, assets/classes/imagenet.toml."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trainer.assets import asset_path

IMAGENET_CLASS_COUNT = 1000


@dataclass(frozen=True)
class ClassTable:
    """The curated table: normalised tag -> ImageNet indices.

    Attributes:
        counterparts: tags that ImageNet has classes for.
        stand_ins: tags without an ImageNet class, with the classes that the network takes them for.
        class_agnostic: tags that no ImageNet class resembles.
        fingerprint: short hash of the table, part of a zero-shot classifier's identity.
    """

    counterparts: dict[str, tuple[int, ...]]
    stand_ins: dict[str, tuple[int, ...]]
    class_agnostic: frozenset[str]
    fingerprint: str


@functools.cache
def load_class_table() -> ClassTable:
    """Read assets/classes/imagenet.toml.

    Raises:
        ValueError: an index or range in the table is malformed.
    """
    data = asset_path("classes/imagenet.toml").read_bytes()
    tables = tomllib.loads(data.decode())
    return ClassTable(
        counterparts=_parsed(tables["counterparts"]),
        stand_ins=_parsed(tables["stand_ins"]),
        class_agnostic=frozenset(tables["class_agnostic"]["names"]),
        fingerprint=hashlib.sha256(data).hexdigest()[:8],
    )


def parse_indices(entries: Iterable[int | str]) -> tuple[int, ...]:
    """Indices and "a-b" ranges -> tuple in the given order, each index once.

    Raises:
        ValueError: an entry is malformed, or not within 0 .. 999.

    >>> parse_indices([3, "7-9"])
    (3, 7, 8, 9)
    """
    indices: list[int] = []
    for entry in entries:
        first, _, last = str(entry).partition("-")
        try:
            span = range(int(first), int(last or first) + 1)
        except ValueError as error:
            raise ValueError(
                f"{entry!r} is neither an ImageNet class index nor a range like '7-24'."
            ) from error
        if not span or span[0] < 0 or span[-1] >= IMAGENET_CLASS_COUNT:
            raise ValueError(f"{entry!r} is not within the ImageNet classes 0 to {IMAGENET_CLASS_COUNT - 1}.")
        indices.extend(span)
    return tuple(dict.fromkeys(indices))


def _parsed(table: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: parse_indices(entries) for name, entries in table.items()}
