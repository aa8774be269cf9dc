"""The Lab's computed arrays on disk: they take a second to compute and milliseconds to read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from puzzlecam_app.items import ItemFacts
from puzzlecam_app.lab.looking import PictureLook
from trainer.machine.durable_write import write_atomic

if TYPE_CHECKING:  # it imports torch
    from trainer.cams.inspection import PuzzleLook

VERSION = 1
"""Part of every file name; increase it when the arithmetic or the arrays change."""

MOST_BYTES = 2**30
"""Size limit for the store of a workspace; the files that were not read for the longest time are deleted."""

_FORMAT = "puzzlecam-look"
_CLEARED_SHARE = 0.9  # of the limit: so that not every save has to delete files

Arrays = dict[str, NDArray[Any]]


class LookStore:
    """Named arrays with a JSON header, one file per key. Safe to use from several threads and processes.

    Args:
        folder: The folder of the files, created by the first `save`.
        most_bytes: Size limit of the folder.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def path(self, key: str) -> Path:
        """The file of a key. A key is any text that names model, picture and tags."""
        name = hashlib.sha256(f"{VERSION} {key}".encode()).hexdigest()[:40]
        return self._folder / name[:2] / f"{name}.safetensors"

    def load(self, key: str) -> tuple[dict[str, Any], Arrays] | None:
        """Header and arrays of a key; None if there is no file or it cannot be read."""
        path = self.path(key)
        try:
            with safe_open(path, framework="numpy") as file:
                header = json.loads((file.metadata() or {}).get("header", "{}"))
                if header.get("format") != _FORMAT or header.get("key") != key:
                    return None
                arrays = {name: file.get_tensor(name) for name in list(file.keys())}
            path.touch()
        except (OSError, SafetensorError, ValueError):
            return None  # the arrays are computed again and replace the file
        return header, arrays

    def save(self, key: str, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Store arrays, completely or not at all. On a full disk nothing is stored and no error is raised."""
        plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        stored = json.dumps({**header, "format": _FORMAT, "key": key})
        data = safetensors.numpy.save(plain, metadata={"header": stored})
        with contextlib.suppress(OSError):
            write_atomic(self.path(key), data)
            self._make_room(len(data))

    def _make_room(self, added: int) -> None:
        with self._lock:
            if self._bytes is not None:
                self._bytes += added
                if self._bytes <= self._most:
                    return
            files = []
            for path in self._folder.glob("*/*.safetensors"):
                with contextlib.suppress(OSError):  # another process cleared it
                    status = path.stat()
                    files.append((status.st_mtime_ns, status.st_size, path))
            self._bytes = sum(size for _, size, _ in files)
            if self._bytes <= self._most:
                return
            for _, size, path in sorted(files):
                if self._bytes <= self._most * _CLEARED_SHARE:
                    break
                path.unlink(missing_ok=True)
                self._bytes -= size


def pack_look(look: PictureLook) -> tuple[dict[str, Any], Arrays]:
    """Header and arrays of a picture's steps, without the picture itself."""
    steps = look.steps
    arrays: dict[str, NDArray[Any] | None] = {
        "views": steps.views_svthw,
        "scales": steps.scales_sthw,
        "total": steps.total_thw,
        "spread": steps.spread_thw,
        "own": steps.own_thw,
        "cams": steps.cams_thw,
        "raw": steps.raw_chw,
        "scores": steps.scores_chw,
        "logits": steps.logits_c,
        "self_trained": look.self_trained_thw,
        "edges": look.edges_hw,
        "walked": look.walked_thw,
        "learned": look.learned_thw,
        "live": look.live_thw,
        **{f"source_{number}": maps for number, maps in enumerate(steps.others_thw, start=2)},
    }
    header = {"scales": steps.scales, "others": look.others, "sources": 1 + len(steps.others_thw)}
    return header, {name: array for name, array in arrays.items() if array is not None}


def unpack_look(
    header: Mapping[str, Any],
    arrays: Arrays,
    item: ItemFacts,
    load_image: Callable[[], NDArray[np.uint8]],
) -> PictureLook:
    """The inverse of `pack_look`."""
    from trainer.cams.inspection import CamSteps

    steps = CamSteps(
        scales=tuple(header["scales"]),
        views_svthw=arrays["views"],
        scales_sthw=arrays["scales"],
        total_thw=arrays["total"],
        spread_thw=arrays.get("spread"),
        own_thw=arrays["own"],
        others_thw=tuple(arrays[f"source_{number}"] for number in range(2, header["sources"] + 1)),
        cams_thw=arrays["cams"],
        raw_chw=arrays["raw"],
        scores_chw=arrays["scores"],
        logits_c=arrays["logits"],
    )
    others = tuple(header["others"])
    return PictureLook(
        item,
        load_image,
        steps,
        others,
        arrays.get("self_trained"),
        arrays.get("edges"),
        arrays.get("walked"),
        arrays.get("learned"),
        arrays.get("live"),
    )


def pack_puzzle(look: PuzzleLook) -> tuple[dict[str, Any], Arrays]:
    """Header and arrays of whole and tiled maps."""
    header = {
        "tiles_per_side": look.tiles_per_side,
        "cells_share": look.cells_share,
        "tile_share": look.tile_share,
        "loss": None if look.loss is None else asdict(look.loss),
    }
    arrays: Arrays = {
        "whole": look.whole_thw,
        "tiled": look.tiled_thw,
        "disagreement": look.disagreement_t,
        "whole_cells": look.whole_cells_thw,
        "tiled_cells": look.tiled_cells_thw,
    }
    return header, arrays


def unpack_puzzle(header: Mapping[str, Any], arrays: Arrays) -> PuzzleLook:
    """The inverse of `pack_puzzle`."""
    from trainer.cams.inspection import ClassLoss, PictureLoss, PuzzleLook

    loss = header["loss"]
    if loss is not None:
        loss = PictureLoss(**{**loss, "classes": tuple(ClassLoss(**one) for one in loss["classes"])})
    return PuzzleLook(
        tiles_per_side=header["tiles_per_side"],
        whole_thw=arrays["whole"],
        tiled_thw=arrays["tiled"],
        disagreement_t=arrays["disagreement"],
        whole_cells_thw=arrays["whole_cells"],
        tiled_cells_thw=arrays["tiled_cells"],
        cells_share=tuple(header["cells_share"]),
        tile_share=tuple(header["tile_share"]),
        loss=loss,
    )
