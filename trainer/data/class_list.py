"""A class list: what each index in the masks of a dataset means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trainer.data.labels import VOC_CLASSES, normalize_class_name

MAX_CLASSES = 254
"""A uint8 mask has room for this many classes: index 0 is background and 255 void."""

VOID = 255

Rgb = tuple[int, int, int]

_BACKGROUND = re.compile(r"_*background_*", re.IGNORECASE)
_VOID = re.compile(
    r"_*(void|ignored?|ignore[ _-]?label|unlabell?ed|dont[ _-]?care)_*([ _-]?\d+)?", re.IGNORECASE
)


def is_background_name(name: str) -> bool:
    """Whether a name in a class list is that of the background.

    >>> is_background_name("_background_"), is_background_name("back")
    (True, False)
    """
    return _BACKGROUND.fullmatch(name) is not None


def is_void_name(name: str) -> bool:
    """Whether a name in a class list means that a pixel has no label.

    >>> is_void_name("__ignore__"), is_void_name("void 7"), is_void_name("avoid")
    (True, True, False)
    """
    return _VOID.fullmatch(name) is not None


@dataclass(frozen=True)
class ClassList:
    """The classes of a dataset in index order. No index is ever moved.

    Attributes:
        names: K names; the name at position k has mask index k + 1. An index below K that means void or
            background keeps its place under its own name, so that later classes keep theirs.
        void_indices: indices other than 255 that mean void.
        background_indices: indices other than 0 that mean background.
        colors: RGB by index, if the list says which colours the masks have.
    """

    names: tuple[str, ...]
    void_indices: frozenset[int] = frozenset()
    background_indices: frozenset[int] = frozenset()
    colors: Mapping[int, Rgb] = field(default_factory=dict)

    @property
    def classes(self) -> dict[int, str]:
        """Names by index of what pictures can be tagged with: without background and void."""
        without = self.void_indices | self.background_indices
        return {index: name for index, name in enumerate(self.names, start=1) if index not in without}

    @property
    def table(self) -> NDArray[np.uint8]:
        """uint8 (256,): the meaning of each index in a mask file, as background 0, class, or void 255."""
        table = np.arange(256, dtype=np.uint8)
        table[sorted(self.void_indices)] = VOID
        table[sorted(self.background_indices)] = 0
        return table

    def read(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same mask, uint8 (H, W), with every void index as 255 and every background index as 0."""
        if not self.void_indices and not self.background_indices:
            return mask
        return self.table[mask]

    @property
    def remark(self) -> str | None:
        """A clause for people about indices that the list names void or background; None without any."""
        parts = [
            f"index {', '.join(map(str, sorted(indices)))} is read as {meaning}"
            for indices, meaning in (
                (self.void_indices, "void (255)"),
                (self.background_indices, "background (0)"),
            )
            if indices
        ]
        return ", and ".join(parts) + ", as the list names it; no class moves" if parts else None

    def difference(self, other: ClassList) -> str | None:
        """Where two lists give an index different meanings, as a clause; None if they agree.

        One list may go on where the other ends.
        """
        for index in range(max(len(self.names), len(other.names)) + 1):
            mine, theirs = self._meaning(index), other._meaning(index)
            if mine is not None and theirs is not None and mine != theirs:
                return f"index {index} is {mine!r} in one and {theirs!r} in the other"
        return None

    def _meaning(self, index: int) -> str | None:
        if index in self.void_indices:
            return "void"
        if index == 0 or index in self.background_indices:
            return "background"
        return normalize_class_name(self.names[index - 1]) if index <= len(self.names) else None


VOC_CLASS_LIST = ClassList(VOC_CLASSES)
