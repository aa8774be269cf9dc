"""Parquet with pictures in it, as Hugging Face's datasets write it: what both directions share.

A table has a row for each picture. Pictures and masks are columns of the type struct<bytes, path>. What the
columns mean to `datasets` is JSON in the metadata of the file, under ``huggingface``; the studio adds
``id2label``, which says what the values of masks mean, and ``split``.
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any, Final

from puzzlecam_app.errors import UserError

FEATURES_KEY: Final = b"huggingface"
NAMES_KEY: Final = b"id2label"
SPLIT_KEY: Final = b"split"
NO_SPLIT: Final = "train"
"""Where pictures without a split are; ``datasets`` knows no table without one."""


def pyarrow() -> tuple[ModuleType, ModuleType]:
    """The modules `pyarrow` and `pyarrow.parquet`.

    Raises:
        UserError: They are not installed.
    """
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as problem:
        raise UserError(
            "Parquet needs the package pyarrow, which is not installed",
            remedy='Install it with pip install pyarrow, or choose the image folder ("hugging-face")',
        ) from problem
    return arrow, parquet


def features_of(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    """What ``datasets`` says about the columns; empty if it wrote nothing that can be read."""
    found = json_of(metadata, FEATURES_KEY)
    info = found.get("info") if isinstance(found, dict) else None
    features = info.get("features") if isinstance(info, dict) else None
    return features if isinstance(features, dict) else {}


def json_of(metadata: dict[bytes, bytes] | None, key: bytes) -> Any:
    """A JSON value in the metadata of a file; None if there is none."""
    try:
        return json.loads((metadata or {}).get(key, b"null"))
    except (ValueError, RecursionError):
        return None
