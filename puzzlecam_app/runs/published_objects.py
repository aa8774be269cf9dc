"""The instances of a run as objects of pictures: kept when the run is published, for Review and exports."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from db.masks import MaskArray
from db.objects import keep_objects, objects_of
from puzzlecam_app.interchange.drawn import cut_out
from puzzlecam_app.interchange.kept_objects import as_rows
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import RunItem
from trainer.errors import ArtifactError

_RUN = "run"
"""Key of rows that a run made; those of an import do not have it."""


def objects_of_run(
    folder: RunFolder, run_id: int, item: RunItem, mask: MaskArray
) -> list[dict[str, Any]] | None:
    """Rows of the objects that the run's instances make of its mask of an item.

    Returns:
        None if the run has no instances of the picture, or they cannot be read.
    """
    from trainer.masks.instances import in_class_mask
    from trainer.run.instance_storage import load_instances

    path = folder.train.instances_path(item.id)
    if not path.is_file():
        return None
    try:
        found = load_instances(path)
    except ArtifactError:
        return None  # publishing masks must not fail because of the objects beside them
    if found.ids_hw.shape != mask.shape:
        return None
    drawn = [cut_out(pixels, index) for index, pixels in in_class_mask(found, mask)]
    rows = as_rows([one for one in drawn if one is not None])
    return [{**row, _RUN: run_id} for row in rows]


def keep_run_objects(session: Session, item_id: int, mask_hash: str, rows: list[dict[str, Any]]) -> bool:
    """Store the rows beside the published mask, unless the picture has objects from an import.

    Returns:
        Whether they were stored.
    """
    known = objects_of(session, item_id)
    if known is not None and any(_RUN not in row for row in known[1]):
        return False
    keep_objects(session, item_id, mask_hash, rows)
    return True
