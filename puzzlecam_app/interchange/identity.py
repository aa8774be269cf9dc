"""Finds out which items of a dataset the pictures of a folder are.

The same content is the same item, with its history, whatever its file is called now. New content under a
known name is that item, edited. An item whose content is nowhere any more is missing.
"""

from __future__ import annotations

import glob
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from db.copies import follow_originals
from db.engine import Database
from db.identity import KnownPicture, Place, known_pictures, move_items, set_missing
from puzzlecam_app.interchange.check import CheckedPicture, RefusedPicture
from puzzlecam_app.interchange.problems import Problem, ignored, printable
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.interchange.tree import MAX_NAME_LENGTH
from puzzlecam_app.interchange.voc import PICTURES

_MISSING: Final = " (missing)"


@dataclass(frozen=True)
class Matched:
    """The pictures of a folder, matched with the items of a dataset.

    Attributes:
        pictures: what is to be imported; each has the name of its item, or the name of none.
        renamed: new names of known items.
        missing: number of items whose files were found no more.
        problems: pictures that are not imported, and items that are missing.
    """

    pictures: Sequence[CheckedPicture]
    renamed: frozenset[str]
    missing: int
    problems: Sequence[Problem]


def match_pictures(
    database: Database,
    dataset_id: int,
    source: Source,
    checked: Sequence[CheckedPicture | RefusedPicture],
    pictures: Sequence[CheckedPicture],
    *,
    copied: bool,
) -> Matched:
    """Match the pictures of a source with the items of a dataset, and rename items whose files were renamed.

    Args:
        database: Where the dataset is kept.
        dataset_id: The dataset.
        source: The dataset on disk.
        checked: All pictures of the source.
        pictures: Those that can be used, each content once.
        copied: Whether pictures are copied into the workspace; such items are never missing.
    """
    with database.read() as session:
        known = known_pictures(session, dataset_id)
    folder = _Folder(source, checked, copied)
    taken, items, duplicates = _same_content(known, pictures, folder)
    by_name = {one.name: one for one in known if not one.is_missing and one.id not in items}
    found = {picture.item.name for picture in items.values()}
    for picture in taken:
        edited = by_name.get(picture.item.name)
        if edited is not None and picture.item.name not in found:
            items[edited.id] = picture

    names = {picture.item.name: picture for picture in taken}
    places = {
        one.id: Place(items[one.id].item.name, items[one.id].path)
        for one in known
        if one.id in items and one.name != items[one.id].item.name
    }
    renamed = frozenset(place.name for place in places.values())
    gone = [one for one in known if one.id not in items and (one.name in names or not folder.holds(one))]
    used = {*names, *(one.name for one in known)}
    for one in gone:
        if one.name in names:
            label = unused_label(one.name, used)
            used.add(label)
            places[one.id] = Place(label, one.path)
    missing = [one for one in gone if not one.is_missing]
    if places or missing:
        with database.write() as session:
            move_items(session, places)
            set_missing(session, [one.id for one in missing])
            follow_originals(session, dataset_id)
    problems = [*duplicates, *(_missing(one, names.get(one.name)) for one in missing)]
    return Matched(taken, renamed, len(missing), problems)


class _Folder:
    """What is known of the files of a source."""

    def __init__(
        self, source: Source, checked: Sequence[CheckedPicture | RefusedPicture], copied: bool
    ) -> None:
        self._source = source
        self._copied = copied
        self._content = {one.item.name: one.sha256 for one in checked if isinstance(one, CheckedPicture)}
        self._refused = {one.item.name for one in checked if isinstance(one, RefusedPicture)}

    def holds(self, one: KnownPicture) -> bool:
        """Whether the file of an item is where it was; an unreadable one counts."""
        if one.name in self._content:
            return self._content[one.name] == one.sha256
        return self._copied or self._source.files.lists_file(self._place(one))

    def has_left(self, one: KnownPicture, picture: CheckedPicture) -> bool:
        """Whether an item is no longer where it was, so that `picture`, of the same content, is that item."""
        return not self._holds_content(one) or self._is_spelled_otherwise(one, picture)

    def _is_spelled_otherwise(self, one: KnownPicture, picture: CheckedPicture) -> bool:
        """Whether only capitals of the name were changed, where the file system does not tell them apart."""
        if one.name.casefold() != picture.item.name.casefold():
            return False
        root = self._source.files.root
        return (root / self._place(one)).samefile(root / picture.item.path)

    def _holds_content(self, one: KnownPicture) -> bool:
        """Whether the content of an item can be read where it was."""
        if one.name in self._content or one.name in self._refused:
            return self._content.get(one.name) == one.sha256
        try:
            with self._source.files.open(self._place(one)) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == one.sha256
        except OSError:
            return False

    def _place(self, one: KnownPicture) -> str:
        """The path of an item that the source does not list, because of ``--split`` for instance."""
        if not self._copied:
            return one.path
        if self._source.layout == "voc":
            root = self._source.root
            found = sorted((root / PICTURES).glob(f"{glob.escape(one.name)}.*"))
            return found[0].relative_to(root).as_posix() if found else f"{PICTURES}/{one.name}"
        return one.name


def _same_content(
    known: Sequence[KnownPicture], pictures: Sequence[CheckedPicture], folder: _Folder
) -> tuple[list[CheckedPicture], dict[int, CheckedPicture], list[Problem]]:
    """The pictures to import, those of known content by item id, and the problems of what is left out."""
    by_content: Mapping[str, list[KnownPicture]] = defaultdict(list)
    for one in known:
        by_content[one.sha256].append(one)
    taken, items, problems = [], {}, []
    for picture in pictures:
        name = picture.item.name
        same = by_content.get(picture.sha256, [])
        free = [one for one in same if one.name == name or one.is_missing or folder.has_left(one, picture)]
        if same and not free:
            reason = f"the same picture as {printable(same[0].name)}, which is in the dataset already"
            problems.append(ignored(picture.item.path, reason, "Remove one of the two"))
            continue
        taken.append(picture)
        if free:
            best = min(free, key=lambda one: (not one.has_work, one.name != name, one.is_missing, one.id))
            items[best.id] = picture
    return taken, items, problems


def unused_label(name: str, used: set[str]) -> str:
    """A name, not in `used`, for a missing picture whose name another picture has now."""
    base = name[: MAX_NAME_LENGTH - len(_MISSING) - 8]
    label, number = f"{base}{_MISSING}", 1
    while label in used:
        number += 1
        label = f"{base}{_MISSING} {number}"
    return label


def _missing(one: KnownPicture, instead: CheckedPicture | None) -> Problem:
    if instead is not None and instead.sha256 == one.sha256:
        return ignored(
            one.name,
            "an earlier entry of the same picture, which has a history, takes the place of this empty one",
            "Nothing needs to be done",
        )
    return ignored(
        one.name,
        "the picture is no longer in the folder, so it is in no queue and no export; its history is kept",
        "Put it back, under any name, and import again, if you still need it",
    )
