"""Reads Parquet with pictures in it, as Hugging Face's datasets and hub write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of, derive_classes, read_class_file
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.json_files import json_files
from puzzlecam_app.interchange.formats.moments import moment
from puzzlecam_app.interchange.formats.parquet_files import (
    NAMES_KEY,
    SPLIT_KEY,
    features_of,
    json_of,
    pyarrow,
)
from puzzlecam_app.interchange.formats.zero import with_zero
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.source import Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.interchange.tag_files import clean_tags
from puzzlecam_app.interchange.unpacked import UnpackedPictures
from puzzlecam_app.root_files import LEADS_OUT, REPLACE_THE_LINK, LeadsOutError, RootFile, RootFiles
from trainer.data.class_files import ClassFileError, parse_class_file
from trainer.data.class_list import ClassList

_ENDING: Final = ".parquet"
_MAGIC: Final = b"PAR1"
_NAMES: Final = "id2label.json"
_SHARD: Final = re.compile(r"(.+?)-\d{5}-of-\d{5}(-\w+)?")
_MASK: Final = re.compile(r"(\w+_)?(masks?|labels?|annotations?|segmentation|gt)(_\w+)?", re.IGNORECASE)
_PICTURE: Final = ("image", "img", "picture", "pixel_values")
_TAGS: Final = ("tags", "labels", "label")
_ROWS: Final = 5_000_000
_MAX_GROUP_BYTES: Final = 2 << 30
_MAX_GROWTH: Final = 20
"""Pictures are compressed already, so a file that becomes more than so many times as large is a trap."""
_ROOM_BYTES: Final = 1 << 30


def recognise(files: RootFiles) -> str | None:
    """There is a Parquet file."""
    file = next((one for one in _files(files) if _head(one) == _MAGIC), None)
    return None if file is None else f"{file.relative} is a Parquet file"


def read(root: Path, options: ReadOptions) -> Source:
    """Unpack the pictures and masks of all Parquet files in `root`.

    What indices in masks mean is in the metadata of the files under ``id2label``, or in ``id2label.json``.

    Raises:
        UserError: A file cannot be read, holds no pictures, or would fill memory or disk.
    """
    files = RootFiles(root, options.follow_links)
    tables = [file for file in _files(files) if _head(file) == _MAGIC]
    if not tables:
        raise UserError(
            "there is no Parquet file", where=str(root), remedy="Give the folder that contains it"
        )
    sizes = [(root / file.relative).stat().st_size for file in tables]
    unpacked = UnpackedPictures(options.scratch, _MAX_GROWTH * sum(sizes) + _ROOM_BYTES)
    try:
        items, class_list, problems = _unpack(tables, unpacked, options)
    except BaseException:
        unpacked.remove()  # a traceback would keep it
        raise
    if options.classes_file is not None or class_list is None:
        names = files.first(_NAMES) if options.classes_file is None else None
        class_list = class_list_of(files, options.classes_file) if names is None else read_class_file(names)
    if class_list is not None:
        classes = class_list.names
    else:
        classes, class_list = derive_classes((tag for item in items for tag in item.tags), allow_voc=False)
    source = Source(
        root,
        "parquet",
        items,
        classes,
        class_list,
        problems,
        options.tags_from_masks or (class_list is not None and not any(item.tags for item in items)),
        follow_links=options.follow_links,
        unpacked=unpacked,
    )
    return with_zero(source, options.zero)


READ: Final = ReadFormat("parquet", "Hugging Face Parquet", recognise, read)


def _unpack(
    tables: Sequence[RootFile], unpacked: UnpackedPictures, options: ReadOptions
) -> tuple[list[SourceItem], ClassList | None, list[Problem]]:
    """The pictures of all files, their class list, and what is wrong with rows."""
    items: list[SourceItem] = []
    problems: list[Problem] = []
    class_list: ClassList | None = None
    for number, file in enumerate(tables, start=1):
        with _readable(file), file.files.open(file.relative) as opened:
            _, parquet = pyarrow()
            table = parquet.ParquetFile(opened, pre_buffer=False, buffer_size=1 << 20)
            columns = _columns(file, table)
            found = _class_list(file, table)
            _check_same(file, class_list, found)
            class_list = class_list or found
            split = _split(file, table) or options.split
            for row, values in enumerate(_rows(table, columns), start=1):
                where = f"{file.relative}, row {row}"
                picture = _cell(values[columns.picture])
                if picture is None:
                    problems.append(error(where, "the row has no picture", "Write it into the file"))
                    continue
                tags, wrong = clean_tags(columns.tags_of(values), where=where)
                problems += wrong
                path = unpacked.add_picture(*picture, f"{number}-{row:06}", where)
                mask = _cell(values[columns.mask]) if columns.mask else None
                author = values.get("annotator")
                items.append(
                    SourceItem(
                        path,
                        path,
                        tags,
                        split,
                        unpacked.add_mask(mask[0], where) if mask else None,
                        author=author if isinstance(author, str) else None,
                        labelled_at=moment(values.get("annotated_at")),
                    )
                )
    return items, class_list, problems


@dataclass(frozen=True)
class _Columns:
    """Which columns are read: that of pictures, of masks and of tags, and the names of tags by number."""

    picture: str
    mask: str | None
    tags: str | None
    tag_names: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        """Their names."""
        return [name for name in (self.picture, self.mask, self.tags, *self.others) if name]

    def tags_of(self, values: Mapping[str, Any]) -> list[str]:
        """The tags of a row: texts, or numbers that stand for names."""
        value = values[self.tags] if self.tags else None
        listed = value if isinstance(value, list) else [value]
        tags = [one for one in listed if isinstance(one, str)]
        numbers = [one for one in listed if isinstance(one, int) and 0 <= one < len(self.tag_names)]
        return tags + [self.tag_names[one] for one in numbers]


def _files(files: RootFiles) -> Iterator[RootFile]:
    return json_files(files, ending=_ENDING)


def _head(file: RootFile) -> bytes:
    try:
        with file.files.open(file.relative) as opened:
            return opened.read(len(_MAGIC))
    except OSError:
        return b""


@contextmanager
def _readable(file: RootFile) -> Iterator[None]:
    """Turn what goes wrong with a Parquet file into a UserError that names it."""
    arrow, _ = pyarrow()
    try:
        yield
    except LeadsOutError as problem:
        raise UserError(LEADS_OUT, where=str(file), remedy=REPLACE_THE_LINK) from problem
    except (OSError, ValueError, arrow.ArrowException) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise UserError(
            f"the Parquet file cannot be read ({reason[:200]})", where=str(file), remedy="Write it again"
        ) from problem


def _columns(file: RootFile, table: Any) -> _Columns:
    """The columns to read; refuses a table without pictures, and one whose parts would fill the memory."""
    arrow, _ = pyarrow()
    schema = table.schema_arrow
    if table.metadata.num_rows > _ROWS:
        raise UserError(
            f"there are more than {_ROWS:,} rows", where=str(file), remedy="Split the file into several"
        )
    for number in range(table.metadata.num_row_groups):
        group = table.metadata.row_group(number)
        if group.total_byte_size > _MAX_GROUP_BYTES:
            raise UserError(
                f"a row group has more than {_MAX_GROUP_BYTES >> 30} GiB",
                where=f"{file}, row group {number + 1}",
                remedy="Write the file with smaller row groups, such as 100 rows",
            )

    def is_picture(name: str) -> bool:
        kind = schema.field(name).type
        if arrow.types.is_struct(kind):
            return bool(kind.get_field_index("bytes") >= 0)
        return bool(arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind))

    cells = [name for name in schema.names if is_picture(name)]
    masks = [name for name in cells if _MASK.fullmatch(name)]
    pictures = [name for name in cells if name not in masks]
    if not pictures:
        raise UserError(
            "no column holds pictures",
            where=str(file),
            remedy="Give a table with a column image, as datasets writes it; links to pictures are not read",
        )
    picture = next((name for name in _PICTURE if name in pictures), pictures[0])
    tags = next((name for name in _TAGS if name in schema.names and name not in cells), None)
    feature = features_of(schema.metadata).get(tags or "", {})
    while isinstance(feature, dict) and isinstance(feature.get("feature"), dict):
        feature = feature["feature"]
    named = feature.get("names") if isinstance(feature, dict) else None
    names = tuple(map(str, named)) if isinstance(named, list) else ()
    others = tuple(name for name in ("annotator", "annotated_at") if name in schema.names)
    return _Columns(picture, masks[0] if masks else None, tags, names, others)


def _rows(table: Any, columns: _Columns) -> Iterator[dict[str, Any]]:
    """The rows, one at a time: a batch of large pictures would fill the memory."""
    for batch in table.iter_batches(batch_size=1, columns=columns.all, use_threads=False):
        yield from batch.to_pylist()


def _cell(value: object) -> tuple[bytes, str] | None:
    """Content and name of a picture in a cell; None if it is empty."""
    if isinstance(value, dict):
        content, name = value.get("bytes"), value.get("path")
    else:
        content, name = value, None
    if not isinstance(content, bytes) or not content:
        return None
    return content, name if isinstance(name, str) else ""


def _class_list(file: RootFile, table: Any) -> ClassList | None:
    """The class list in the metadata of a file."""
    names = json_of(table.schema_arrow.metadata, NAMES_KEY)
    if not isinstance(names, dict):
        return None
    try:
        return parse_class_file(json.dumps(names), f"{file}, id2label.json")
    except ClassFileError as problem:
        raise UserError(problem.reason, where=str(file), remedy=problem.remedy) from problem


def _check_same(file: RootFile, first: ClassList | None, other: ClassList | None) -> None:
    difference = None if first is None or other is None else first.difference(other)
    if difference is not None:
        raise UserError(
            f"its classes differ from those of the files before it: {difference}",
            where=str(file),
            remedy="Import the files apart, or give the classes with --classes",
        )


def _split(file: RootFile, table: Any) -> str | None:
    """The split of a file: what the studio noted in it, else the beginning of its name, else its folder."""
    metadata = table.schema_arrow.metadata or {}
    if SPLIT_KEY in metadata:
        noted = json_of(metadata, SPLIT_KEY)
        return noted if isinstance(noted, str) else None
    shard = _SHARD.fullmatch(file.stem)
    if shard is not None:
        return split_name(shard[1])
    folder = file.relative.split("/")[-2] if "/" in file.relative else ""
    return next((split_name(name) for name in (file.stem, folder) if is_split_folder(name)), None)
