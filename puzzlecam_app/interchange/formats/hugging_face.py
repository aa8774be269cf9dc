"""Folders that Hugging Face's datasets load as "imagefolder": pictures, masks, and metadata.jsonl."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from db.palette import BACKGROUND, VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of, derive_classes, read_class_file
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.json_files import first_fitting, head_and_tail, json_files
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.moments import moment
from puzzlecam_app.interchange.formats.voc_write import write_palette_png
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.formats.zero import with_zero
from puzzlecam_app.interchange.problems import Problem, error, printable
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.interchange.tag_files import clean_tags, read_text
from puzzlecam_app.interchange.tree import is_path_trick
from puzzlecam_app.root_files import RootFile, RootFiles

_METADATA: Final = "metadata.jsonl"
_NAMES: Final = "id2label.json"
_NO_SPLIT: Final = "train"
_FILE: Final = "file_name"
_MASK_KEY: Final = re.compile(r"(mask|label|labels|annotation|segmentation|gt)\w*_file_name")
_TAG_KEYS: Final = ("tags", "label", "labels")


def _fits(text: bytes) -> bool:
    return re.search(rb'^\s*\{.*"file_name"\s*:', text) is not None


def recognise(files: RootFiles) -> str | None:
    """There is a metadata.jsonl with file names."""
    file = first_fitting(files, _fits, ending=_METADATA)
    return None if file is None else f"{file.relative} names pictures"


def read(root: Path, options: ReadOptions) -> Source:
    """Read all files ``metadata.jsonl`` in `root`; what indices in masks mean is in ``id2label.json``.

    A row has ``file_name``, and may have a column such as ``mask_file_name``, and ``tags``. The split is the
    folder of the file.

    Raises:
        UserError: There is no such file, or the class list cannot be read.
    """
    files = RootFiles(root, options.follow_links)
    lists = [file for file in json_files(files, ending=_METADATA) if _fits(head_and_tail(file))]
    if not lists:
        raise UserError(
            f"there is no {_METADATA}", where=str(root), remedy="Give the folder that contains it"
        )
    problems: list[Problem] = []
    rows = [(file, where, row) for file in lists for where, row in _rows(file, problems)]
    masks = {(file.relative, where): _mask(files, file, where, row, problems) for file, where, row in rows}
    listed = {_beside(file, str(row[_FILE])) for file, _, row in rows}
    holders = {str(PurePosixPath(path).parent) for path in listed}
    apart = {str(PurePosixPath(mask).parent) for mask in masks.values() if mask} - holders
    pictures = ListedPictures(files, frozenset(apart))
    for file, where, row in rows:
        path = pictures.find(_beside(file, str(row[_FILE])), where=where)
        if path is None:
            continue
        tags, wrong = clean_tags(_tags(row), where=where)
        problems += wrong
        folder = PurePosixPath(file.relative).parent.name
        split = split_name(folder) if is_split_folder(folder) else folder or None
        author = row.get("annotator")
        pictures.add(
            SourceItem(
                path,
                path,
                tags,
                (split if folder != "data" else None) or options.split,
                masks[file.relative, where],
                author=author if isinstance(author, str) else None,
                labelled_at=moment(row.get("annotated_at")),
            ),
            where=where,
        )
    items = pictures.items()
    names = files.first(_NAMES)
    class_list = class_list_of(files, options.classes_file)
    if options.classes_file is None and names is not None:
        class_list = read_class_file(names)
    if class_list is not None:
        classes = class_list.names
    else:
        classes, class_list = derive_classes((tag for item in items for tag in item.tags), allow_voc=False)
    source = Source(
        root,
        "hugging-face",
        items,
        classes,
        class_list,
        [*problems, *pictures.problems()],
        options.tags_from_masks or (class_list is not None and not any(item.tags for item in items)),
        follow_links=options.follow_links,
    )
    return with_zero(source, options.zero)


READ: Final = ReadFormat("hugging-face", "Hugging Face image folder", recognise, read)


class HuggingFaceWriter:
    """Writes a folder for each split, with ``images``, ``masks`` and ``metadata.jsonl``, and the classes.

    Masks are PNGs of indices.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        names = {BACKGROUND: "background", **{one.index: one.name for one in target.classes.classes}}
        text = json.dumps({str(index): name for index, name in names.items()}, ensure_ascii=False)
        (target.folder / _NAMES).write_text(f"{text}\n", "utf-8")
        (target.folder / "README.md").write_text(
            "---\ntask_categories:\n- image-segmentation\n---\n\n"
            f"The value of a pixel in a mask is a number in {_NAMES}; {VOID} has no label.\n",
            "utf-8",
        )

    def place(self, item: SnapshotItem) -> str:
        """In ``images`` of its split."""
        return f"{_folder(item)}/images/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask, and make the row of the picture."""
        split = _folder(one.item)
        path = self._target.folder / split / "masks" / f"{one.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_palette_png(path, one.mask)
        names = self._target.classes.names
        row = {
            _FILE: one.file.removeprefix(f"{split}/"),
            "mask_file_name": f"masks/{one.name}.png",
            "tags": [names[index - 1] for index in one.tags],
            "annotator": one.item.author,
            "annotated_at": one.item.decided_at.isoformat(timespec="seconds"),
        }
        lost = f"pictures without a split, which are in {_NO_SPLIT}"
        return Written(json.dumps(row, ensure_ascii=False), {lost: int(one.item.split is None)})

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ``metadata.jsonl`` of each split."""
        lines: dict[str, list[str]] = {}
        for record, line in pictures:
            lines.setdefault(_folder(record.item), []).append(f"{line}\n")
        for split, own in lines.items():
            (self._target.folder / split / _METADATA).write_text("".join(own), "utf-8")


WRITE: Final = WriteFormat(
    "hugging-face",
    "Hugging Face image folder",
    HuggingFaceWriter,
    ("objects", "colours of classes", "pictures without a split: they are in `train`"),
    oracle="datasets",
)


def _folder(item: SnapshotItem) -> str:
    split = split_name(item.split or _NO_SPLIT)
    return safe_names([split])[split]


def _rows(file: RootFile, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        where = f"{file.relative}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict) and isinstance(row.get(_FILE), str):
            yield where, row
        else:
            problems.append(error(where, f"the line is no JSON object with {_FILE}", "Correct the line"))


def _beside(file: RootFile, name: str) -> str:
    """A path that is written relative to the folder of `file`, relative to the dataset."""
    return name if is_path_trick(name) else (PurePosixPath(file.relative).parent / name).as_posix()


def _mask(
    files: RootFiles, file: RootFile, where: str, row: Mapping[str, Any], problems: list[Problem]
) -> str | None:
    """The mask that a row names; one that is not there becomes a problem."""
    named = next((value for key, value in row.items() if _MASK_KEY.fullmatch(key) and value), None)
    if named is None:
        return None
    path = _beside(file, str(named))
    if is_path_trick(path) or not files.lists_file(path):
        problems.append(
            error(where, f"the mask {printable(path)} is not in the folder", "Add it, or correct the line")
        )
        return None
    return path


def _tags(row: Mapping[str, Any]) -> list[str]:
    for key in _TAG_KEYS:
        value = row.get(key)
        if isinstance(value, str):
            return [value]
        if isinstance(value, list):
            return [one for one in value if isinstance(one, str)]
    return []
