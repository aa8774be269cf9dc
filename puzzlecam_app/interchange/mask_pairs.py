"""Finds the mask of each picture by its path, and says which masks fit no picture or several."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.interchange.problems import Problem, error, ignored, printable
from trainer.contract import PICTURE_SUFFIXES

_CITYSCAPES_PICTURE: Final = "_leftImg8bit"
_CITYSCAPES_MASK: Final = re.compile(r"_gt(Fine|Coarse)_labelIds$")
_CITYSCAPES_TRAIN_IDS: Final = re.compile(r"_gt(Fine|Coarse)_labelTrainIds$")
_CITYSCAPES_VIEW: Final = re.compile(r"_gt(Fine|Coarse)_(color|instanceIds|instanceTrainIds)$")
_ADDED: Final = re.compile(
    r"[_\-. ]?(mask|masks|label|labels|seg|segmentation|gt|annotation|ann|labelIds)$", re.IGNORECASE
)


@dataclass(frozen=True)
class MaskFolder:
    """A folder of masks. They have the paths of the pictures in the folders `beside`; "" is the root."""

    path: str
    beside: tuple[str, ...]


@dataclass(frozen=True)
class MaskPairs:
    """Which mask each picture has, both as paths relative to the root.

    Attributes:
        mask_of: by picture.
        problems: masks that are not used; to be told if masks are read.
        passed_over: those about whole folders; to be told if masks are not read.
    """

    mask_of: Mapping[str, str]
    problems: tuple[Problem, ...]
    passed_over: tuple[Problem, ...]


@dataclass
class _Found:
    """What one folder of masks holds."""

    folder: MaskFolder
    paired: int = 0
    unmatched: list[Problem] = field(default_factory=list)
    ambiguous: list[Problem] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    train_ids: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def pair_masks(
    root: Path,
    folders: Sequence[MaskFolder],
    pictures: Sequence[str],
    listed: Mapping[str, str] | None = None,
) -> MaskPairs:
    """Pair the masks in `folders` with `pictures`.

    A mask has the path of its picture with the suffix ``.png`` instead of, or behind, the picture's own;
    capitals may differ. Other kinds of picture are paired too, so that reading them says what is wrong. The
    first of several masks counts, in the order of `folders`.

    Args:
        root: Folder of the dataset.
        folders: Folders of masks.
        pictures: All pictures of the dataset, used or not.
        listed: Mask of a picture as a list of the dataset gives it; it takes precedence.
    """
    mask_of = dict(listed or {})
    named = set(mask_of.values())
    found = [_pair_folder(root, folder, pictures, mask_of, named) for folder in folders]
    problems = [problem for one in found for problem in _problems_of(one)]
    passed_over = [problem for one in found for problem in _passed_over(one)]
    return MaskPairs(mask_of, tuple(problems), tuple(passed_over))


def _pair_folder(
    root: Path, folder: MaskFolder, pictures: Sequence[str], mask_of: dict[str, str], named: set[str]
) -> _Found:
    found = _Found(folder)
    index = _index(folder, pictures)
    for path in _files(root, folder.path):
        inner = PurePosixPath(path).relative_to(folder.path)
        stem = _form(inner.with_suffix("").as_posix())
        if inner.suffix.lower() not in PICTURE_SUFFIXES:
            found.others[inner.suffix or inner.name] += 1
        elif path in named:
            found.paired += 1
        elif _CITYSCAPES_TRAIN_IDS.search(stem):
            found.train_ids.append(path)
        elif not _CITYSCAPES_VIEW.search(stem):
            _pair(found, path, index, _CITYSCAPES_MASK.sub("", stem), mask_of)
    return found


def _pair(
    found: _Found, path: str, index: Mapping[str, Sequence[str]], stem: str, mask_of: dict[str, str]
) -> None:
    fitting = index.get(stem) or index.get(stem.casefold()) or ()
    if len(fitting) > 1:
        # Masks named after the whole file name have been paired before.
        fitting = [picture for picture in fitting if picture not in mask_of] or fitting
    if not fitting:
        found.unmatched.append(
            ignored(path, "the mask fits no picture and was not used", _remedy(path, stem, index))
        )
    elif len(fitting) > 1:
        names = [PurePosixPath(picture).name for picture in fitting[:2]]
        shown = ", ".join(printable(picture) for picture in fitting[:3])
        found.ambiguous.append(
            error(
                path,
                f"the mask fits several pictures ({shown}) and was not used",
                f"Name the masks {printable(names[0])}.png and {printable(names[1])}.png",
            )
        )
    elif fitting[0] in mask_of:
        found.second.append(path)
    else:
        mask_of[fitting[0]] = path
        found.paired += 1


def _index(folder: MaskFolder, pictures: Sequence[str]) -> dict[str, list[str]]:
    """Pictures by the paths that their masks may have, without suffix."""
    exact: dict[str, list[str]] = {}
    loose: dict[str, list[str]] = {}
    for beside in folder.beside:
        start = f"{beside}/" if beside else ""
        for picture in pictures:
            if not picture.startswith(start):
                continue
            inner = _form(picture.removeprefix(start))
            stem = PurePosixPath(inner).with_suffix("").as_posix()
            for key in dict.fromkeys((inner, stem, stem.removesuffix(_CITYSCAPES_PICTURE))):
                exact.setdefault(key, []).append(picture)
                loose.setdefault(key.casefold(), []).append(picture)
    return loose | exact


def _files(root: Path, folder: str) -> list[str]:
    """Files in a folder and below: those named after a whole file name first, then PNGs, then others."""
    paths = []
    for here, folders, files in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = Path(here).relative_to(root)
        paths += [(inside / name).as_posix() for name in files if not name.startswith(".")]

    def rank(path: str) -> tuple[bool, bool, str]:
        name = PurePosixPath(path)
        is_whole = PurePosixPath(name.stem).suffix.lower() in PICTURE_SUFFIXES
        return not is_whole, name.suffix != ".png", path

    return sorted(paths, key=rank)


def _remedy(path: str, stem: str, index: Mapping[str, Sequence[str]]) -> str:
    shorter = _ADDED.sub("", stem)
    if shorter != stem and shorter in index:
        return f"Rename it to {printable(PurePosixPath(shorter).name)}.png"
    return f"Give it the path of its picture in {printable(PurePosixPath(path).parts[0])}, or remove it"


def _problems_of(found: _Found) -> list[Problem]:
    folder = found.folder.path
    problems = [*found.ambiguous, *found.unmatched, *_passed_over(found)]
    if found.second:
        count = "1 mask was" if len(found.second) == 1 else f"{len(found.second)} masks were"
        reason = (
            f"{count} not used, because the picture has another one (first: {printable(found.second[0])})"
        )
        problems.append(ignored(folder, reason, "Keep one mask for each picture"))
    if found.others:
        kinds = ", ".join(f"{count} {printable(kind)}" for kind, count in found.others.most_common(3))
        problems.append(
            ignored(folder, f"files that are no masks were passed over ({kinds})", "Masks are PNG files")
        )
    return problems


def _passed_over(found: _Found) -> list[Problem]:
    """Problems of a folder as a whole, masks read or not."""
    folder = found.folder.path
    problems = []
    if found.train_ids:
        problems.append(
            error(
                folder,
                f"{len(found.train_ids)} masks of Cityscapes' train ids were passed over: they number the "
                f"classes from 0 (road), but 0 is background here (first: {printable(found.train_ids[0])})",
                "Import the folder with --format cityscapes, which reads them",
            )
        )
    if found.unmatched and not found.paired and not found.ambiguous:
        problems.append(
            ignored(
                folder,
                f"the folder was taken for masks and passed over, but none of its {len(found.unmatched)} "
                f"files fits a picture (first: {found.unmatched[0].file})",
                "Rename the folder if its name is a class, else give each mask the path of its picture",
            )
        )
    return problems


def _form(path: str) -> str:
    return unicodedata.normalize("NFC", path)
