"""Another class list for an export: classes renamed, merged, left out, in another order, or shifted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from db.masks import MaskArray
from db.palette import BACKGROUND, MAX_CLASS_INDEX, VOID, voc_color
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import DrawnObject


@dataclass(frozen=True)
class ClassChanges:
    """What an export does to the class list.

    Attributes:
        rename: new name by old name. Classes that get the same name become one.
        drop: classes that are left out; their pixels become background, or void with `drop_to_void`.
        order: names, after renaming, that come first; the others follow in their order.
        drop_to_void: whether pixels of dropped classes are void instead of background.
        offset: unused classes before the first one, so that indices begin at `offset` + 1.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    order: Sequence[str] = ()
    drop_to_void: bool = False
    offset: int = 0


@dataclass(frozen=True)
class ExportClass:
    """A class of an export: index in masks, name, colour ``#rrggbb``, number in the format it came from."""

    index: int
    name: str
    color: str
    source_id: int | None = None

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour as red, green, blue, 0 to 255 each."""
        red, green, blue = bytes.fromhex(self.color[1:])
        return red, green, blue


@dataclass(frozen=True)
class ExportClasses:
    """The classes of an export in index order, from 1, and the new index of each old one, uint8 (256,)."""

    classes: tuple[ExportClass, ...]
    table: NDArray[np.uint8]

    @property
    def names(self) -> tuple[str, ...]:
        """Their names in index order."""
        return tuple(one.name for one in self.classes)

    @property
    def is_changed(self) -> bool:
        """Whether any index changes."""
        return not np.array_equal(self.table, np.arange(256))

    def mask(self, mask: MaskArray) -> MaskArray:
        """`mask` (uint8 HxW) with the new indices."""
        return self.table[mask] if self.is_changed else mask

    def objects(self, objects: Sequence[DrawnObject]) -> tuple[DrawnObject, ...]:
        """The objects whose classes are exported, with the new indices."""
        renumbered = (replace(one, class_index=int(self.table[one.class_index])) for one in objects)
        return tuple(one for one in renumbered if one.class_index not in {BACKGROUND, VOID})

    def tags(self, tags: Sequence[int]) -> tuple[int, ...]:
        """New indices of tags; tags of dropped classes are left out."""
        indices = {int(self.table[tag]) for tag in tags} - {BACKGROUND, VOID}
        return tuple(sorted(indices))


def changed_classes(
    names: Sequence[str], colors: Sequence[str], source_ids: Mapping[str, int], changes: ClassChanges
) -> ExportClasses:
    """Apply `changes` to a class list, given by names and colours in index order.

    A class that came about by merging has the colour and the number of the first of them.

    Raises:
        UserError: A change names a class that does not exist, or nothing is left.
    """
    for name in (*changes.rename, *changes.drop):
        if name not in names:
            raise UserError(f"there is no class {name!r}", remedy=f"Choose among: {', '.join(names)}")
    new_names = [changes.rename.get(name, name).strip() for name in names]
    for name in new_names:
        if not 1 <= len(name) <= 128 or not name.isprintable():
            raise UserError(f"{name[:40]!r} is not a class name", remedy="Use 1 to 128 printable characters")
    kept = dict.fromkeys(new for old, new in zip(names, new_names, strict=True) if old not in changes.drop)
    unknown = [name for name in changes.order if name not in kept]
    if unknown:
        raise UserError(
            f"there is no class {unknown[0]!r} to put in order", remedy=f"Choose among: {', '.join(kept)}"
        )
    if not kept:
        raise UserError("every class is left out", remedy="Keep at least one")
    unused = _unused_names(changes.offset, kept)
    ordered = list(dict.fromkeys((*changes.order, *kept)))
    index_of = {name: index for index, name in enumerate((*unused, *ordered), start=1)}
    table = np.arange(256, dtype=np.uint8)
    for old_index, (old, new) in enumerate(zip(names, new_names, strict=True), start=1):
        dropped = VOID if changes.drop_to_void else BACKGROUND
        table[old_index] = dropped if old in changes.drop else index_of[new]
    table[len(names) + 1 : MAX_CLASS_INDEX + 1] = BACKGROUND
    first_of = {new: position for position, new in reversed(list(enumerate(new_names)))}
    spare = [ExportClass(index, name, _hex(voc_color(index))) for index, name in enumerate(unused, start=1)]
    classes = tuple(
        ExportClass(index_of[name], name, colors[first_of[name]], source_ids.get(names[first_of[name]]))
        for name in ordered
    )
    return ExportClasses((*spare, *classes), table)


def _unused_names(count: int, taken: Collection[str]) -> list[str]:
    """Names of the classes that an offset puts before the others."""
    if not 0 <= count <= MAX_CLASS_INDEX - len(taken):
        raise UserError(
            f"an offset of {count} is not possible with {len(taken)} classes",
            remedy=f"Choose 0 to {MAX_CLASS_INDEX - len(taken)}, because indices end at {MAX_CLASS_INDEX}",
        )
    names: list[str] = []
    for number in range(1, count + 1):
        name = f"unused {number}"
        while name in taken:
            name += "_"
        names.append(name)
    return names


def _hex(color: tuple[int, int, int]) -> str:
    return f"#{bytes(color).hex()}"
