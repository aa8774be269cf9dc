"""The pictures that the lists of a format name, found in its folder, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from puzzlecam_app.interchange.problems import Problem, error, ignored, printable, warning
from puzzlecam_app.interchange.source import SourceItem
from puzzlecam_app.interchange.tree import is_path_trick, scan_pictures
from puzzlecam_app.root_files import RootFiles


class ListedPictures:
    """Collects the pictures of lists. `exclude` are folders that contain something else than pictures."""

    def __init__(self, files: RootFiles, exclude: frozenset[str] = frozenset()) -> None:
        self._tree = scan_pictures(files.root, exclude=exclude, follow_links=files.follow_links)
        self._items: dict[str, SourceItem] = {}
        self._problems: list[Problem] = list(self._tree.problems)

    @property
    def paths(self) -> tuple[str, ...]:
        """All pictures of the folder, listed or not."""
        return self._tree.pictures

    def find(self, listed: object, *, where: str, folders: Sequence[str] = ()) -> str | None:
        """The picture that a list means, looked for in `folders` first; None if there is none.

        What is wrong then becomes a problem.
        """
        if not isinstance(listed, str) or not listed.strip():
            self._problems.append(error(where, "the picture has no file name", "Write its file name"))
            return None
        if not is_path_trick(listed):
            for folder in folders:
                found = self._tree.find(
                    f"{folder}/{listed}" if folder not in {"", "."} else listed, row=where
                )
                if not isinstance(found, Problem):
                    return found
        found = self._tree.find(listed, row=where)
        if isinstance(found, Problem):
            self._problems.append(found)
            return None
        return found

    def find_first(self, places: Sequence[str], *, where: str) -> str | None:
        """The picture at the first of `places` that has one; None if none has, which becomes a problem."""
        for place in places:
            if not is_path_trick(place):
                found = self._tree.find(place, row=where)
                if not isinstance(found, Problem):
                    return found
        return self.find(places[0] if places else None, where=where)

    def add(self, item: SourceItem, *, where: str) -> None:
        """Add a picture; what a second entry says about it is added to the first one's tags."""
        known = self._items.get(item.path)
        if known is None:
            self._items[item.path] = item
            return
        tags = tuple(dict.fromkeys((*known.tags, *item.tags)))
        self._items[item.path] = replace(known, tags=tags, mask=known.mask or item.mask)
        reason = f"the picture {printable(item.path)} is listed twice; the mask of the first entry is used"
        self._problems.append(
            warning(where, reason, "Remove one of the entries")
            if known.mask is None or item.mask is None
            else ignored(where, reason, "Remove one of the entries")
        )

    def items(self) -> list[SourceItem]:
        """The pictures in the order of the folder."""
        return [self._items[path] for path in self._tree.pictures if path in self._items]

    def problems(self) -> list[Problem]:
        """What is wrong with files and lists, and how many pictures no list names."""
        unlisted = [path for path in self._tree.pictures if path not in self._items]
        if not unlisted:
            return self._problems
        count = "1 picture is" if len(unlisted) == 1 else f"{len(unlisted)} pictures are"
        names = ", ".join(printable(path) for path in unlisted[:3]) + (", ..." if len(unlisted) > 3 else "")
        reason = f"{count} in no list and left out ({names})"
        return [*self._problems, ignored("*", reason, "Add them to a list if you need them")]
