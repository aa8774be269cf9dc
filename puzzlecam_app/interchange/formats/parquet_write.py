"""Writes Parquet with pictures and masks in it, which Hugging Face's datasets and hub read."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from db.palette import BACKGROUND, VOID
from puzzlecam_app.interchange.formats.parquet_files import (
    FEATURES_KEY,
    NAMES_KEY,
    NO_SPLIT,
    SPLIT_KEY,
    pyarrow,
)
from puzzlecam_app.interchange.formats.voc_write import write_palette_png
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.snapshot import SnapshotItem

_IMAGES: Final = "images"
_MASKS: Final = "masks"
_SHARD_BYTES: Final = 400 << 20
"""The hub asks for files of less than 500 MB."""
_GROUP_BYTES: Final = 16 << 20
_GROUP_ROWS: Final = 100
"""Readers hold at least a whole row group; ``datasets`` takes 100 rows for pictures too."""


class ParquetWriter:
    """Writes ``data/<split>-00000-of-00001.parquet``, ``id2label.json`` and a README that names the splits.

    Pictures and masks are files until the end, when they are packed in the order of their names; masks are
    PNGs of indices.
    """

    def __init__(self, target: Target) -> None:
        """Raises:
        UserError: pyarrow is not installed.
        """
        pyarrow()
        self._target = target
        for folder in (_IMAGES, _MASKS, "data"):
            (target.folder / folder).mkdir()
        names = {BACKGROUND: "background", **{one.index: one.name for one in target.classes.classes}}
        self._names = json.dumps({str(index): name for index, name in names.items()}, ensure_ascii=False)
        (target.folder / "id2label.json").write_text(f"{self._names}\n", "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In a folder of its own, until it is packed."""
        return f"{_IMAGES}/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask; the record is the row without picture and mask."""
        write_palette_png(self._target.folder / _MASKS / f"{one.name}.png", one.mask)
        row = {
            "tags": list(one.tags),
            "annotator": one.item.author,
            "annotated_at": one.item.decided_at.isoformat(timespec="seconds"),
        }
        return Written(row)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Pack each split, and write the README."""
        splits = dict.fromkeys(record.item.split for record, _ in pictures)
        names = _split_names(splits)
        for split, name in names.items():
            self._pack(split, name, [one for one in pictures if one[0].item.split == split])
        for folder in (_IMAGES, _MASKS):
            shutil.rmtree(self._target.folder / folder)
        files = "".join(f"  - split: {one}\n    path: data/{one}-*\n" for one in sorted(set(names.values())))
        (self._target.folder / "README.md").write_text(
            "---\ntask_categories:\n- image-segmentation\nconfigs:\n- config_name: default\n"
            f"  data_files:\n{files}---\n\n"
            f"The value of a pixel in a mask is a number in id2label.json; {VOID} has no label. "
            "Numbers of tags are the same.\n",
            "utf-8",
        )

    def _pack(self, split: str | None, name: str, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write the shards of a split."""
        _, parquet = pyarrow()
        schema = self._schema(split)
        shards = list(_parts(pictures, self._bytes, _SHARD_BYTES, len(pictures)))
        for number, shard in enumerate(shards):
            path = self._target.folder / "data" / f"{name}-{number:05}-of-{len(shards):05}.parquet"
            # Pictures and PNGs would not get smaller.
            with parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
                for group in _parts(shard, self._bytes, _GROUP_BYTES, _GROUP_ROWS):
                    writer.write_table(self._table(group, schema))

    def _table(self, pictures: Sequence[tuple[PictureRecord, Any]], schema: Any) -> Any:
        arrow, _ = pyarrow()
        rows = []
        for record, row in pictures:
            picture = self._picture(record)
            mask = self._target.folder / _MASKS / f"{record.name}.png"
            content = picture.read_bytes() if picture.is_file() else None
            image = {"bytes": content, "path": picture.name if content is not None else record.file}
            rows.append(row | {"image": image, "mask": {"bytes": mask.read_bytes(), "path": mask.name}})
        return arrow.Table.from_pylist(rows, schema)

    def _bytes(self, one: tuple[PictureRecord, Any]) -> int:
        picture, mask = self._picture(one[0]), self._target.folder / _MASKS / f"{one[0].name}.png"
        return mask.stat().st_size + (picture.stat().st_size if picture.is_file() else 0)

    def _picture(self, record: PictureRecord) -> Path:
        """The picture's file; there is none if pictures are not exported."""
        return self._target.folder / record.file

    def _schema(self, split: str | None) -> Any:
        arrow, _ = pyarrow()
        names = ["background"]
        for name in self._target.classes.names:
            names.append(name if name not in names else f"{name}_")
        features: dict[str, Any] = {
            "image": {"_type": "Image"},
            "mask": {"_type": "Image"},
            "tags": {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"},
            "annotator": {"dtype": "string", "_type": "Value"},
            "annotated_at": {"dtype": "string", "_type": "Value"},
        }
        cell = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
        kinds = (cell, cell, arrow.list_(arrow.int64()), arrow.string(), arrow.string())
        metadata = {
            FEATURES_KEY: json.dumps({"info": {"features": features}}, ensure_ascii=False).encode(),
            NAMES_KEY: self._names.encode(),
            SPLIT_KEY: json.dumps(split, ensure_ascii=False).encode(),
        }
        return arrow.schema(list(zip(features, kinds, strict=True)), metadata)


WRITE: Final = WriteFormat(
    "parquet",
    "Hugging Face Parquet",
    ParquetWriter,
    ("objects", "colours of classes"),
    oracle="datasets",
    packs_pictures=True,
)


def _split_names(splits: Sequence[str | None] | dict[str | None, None]) -> dict[str | None, str]:
    """A name for each split that ``datasets`` takes: letters, digits and ``_``.

    Pictures without a split get a table of their own.
    """
    plain = {one: re.sub(r"\W+", "_", one, flags=re.ASCII) for one in splits if one is not None}
    taken: dict[str | None, str] = {}
    for split, name in plain.items():
        while name in taken.values() or not name.strip("_"):
            name = f"{name}_{len(taken)}"
        taken[split] = name
    if None in splits:
        taken[None] = NO_SPLIT if NO_SPLIT not in taken.values() else "no_split"
    return taken


def _parts(
    pictures: Sequence[tuple[PictureRecord, Any]], size: Any, most_bytes: int, most: int
) -> Iterator[list[tuple[PictureRecord, Any]]]:
    """Successive pictures that together have at most so many bytes, at least one each."""
    part: list[tuple[PictureRecord, Any]] = []
    total = 0
    for one in pictures:
        own = size(one)
        if part and (total + own > most_bytes or len(part) == most):
            yield part
            part, total = [], 0
        part.append(one)
        total += own
    if part:
        yield part
