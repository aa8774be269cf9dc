"""From a tag to the ImageNet classes that show it: by a curated table, else by WordNet lemmas."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from timm.data.imagenet_info import ImageNetInfo

from trainer.assets import asset_path
from trainer.data.labels import normalize_class_name

IMAGENET_CLASS_COUNT = 1000


@dataclass(frozen=True)
class TagMatch:
    """The ImageNet classes that stand for a tag.

    Attributes:
        class_name: the tag as given.
        weak: whether the map is only a guess (stand-ins, or no class at all).
        reason: one sentence for people.
        imagenet_indices: indices 0 .. 999 of the classes whose weights are used; empty means class-agnostic.
        imagenet_names: their first WordNet lemmas.
    """

    class_name: str
    weak: bool
    reason: str
    imagenet_indices: tuple[int, ...]
    imagenet_names: tuple[str, ...]


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


def match_tag(class_name: str) -> TagMatch:
    """Find the ImageNet classes of a tag. It never fails; the worst case is a weak, class-agnostic match."""
    table = load_class_table()
    name = normalize_class_name(class_name)
    if name in table.counterparts:
        indices = table.counterparts[name]
        reason = f"The map of “{class_name}” comes from {_listed(indices)}."
        return _match(class_name, indices, weak=False, reason=reason)
    if name in table.stand_ins:
        indices = table.stand_ins[name]
        reason = f"ImageNet has no class for “{class_name}”; its weak map comes from {_listed(indices)}."
        return _match(class_name, indices, weak=True, reason=reason)
    found = () if name in table.class_agnostic else _by_lemma(name)
    if found:
        reason = f"The map of “{class_name}” comes from {_listed(found)}, found by WordNet name."
        return _match(class_name, found, weak=False, reason=reason)
    reason = f"ImageNet has no class for “{class_name}”; its map shows whatever stands out and is weak."
    return _match(class_name, (), weak=True, reason=reason)


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


@functools.cache
def _lemmas() -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(lemma.strip().lower().replace("-", " ") for lemma in description.split(","))
        for description in ImageNetInfo().label_descriptions()
    )


@functools.cache
def _by_lemma(name: str) -> tuple[int, ...]:
    """Classes with the name as a lemma, else those with a lemma that ends in it (spaniel: Sussex spaniel)."""
    candidates = {name, name.removesuffix("es"), name.removesuffix("s")}
    exact = [i for i, lemmas in enumerate(_lemmas()) if candidates.intersection(lemmas)]
    if exact:
        return tuple(exact)
    endings = tuple(f" {candidate}" for candidate in candidates if candidate)
    return tuple(i for i, lemmas in enumerate(_lemmas()) if any(lemma.endswith(endings) for lemma in lemmas))


def _match(class_name: str, indices: tuple[int, ...], *, weak: bool, reason: str) -> TagMatch:
    return TagMatch(class_name, weak, reason, indices, tuple(_first_lemma(index) for index in indices))


@functools.cache
def _descriptions() -> tuple[str, ...]:
    return tuple(ImageNetInfo().label_descriptions())


def _first_lemma(index: int) -> str:
    return _descriptions()[index].split(",")[0]


def _listed(indices: tuple[int, ...], limit: int = 3) -> str:
    named = ", ".join(_first_lemma(index) for index in indices[:limit])
    rest = len(indices) - limit
    return f"{named} and {rest} more ImageNet classes" if rest > 0 else f"ImageNet's {named}"
