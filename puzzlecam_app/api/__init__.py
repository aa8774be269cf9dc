"""The studio from Python: datasets, pictures, tags, masks and their history, as NumPy arrays.

    from puzzlecam_app import api

    with api.open_workspace("~/puzzlecam") as workspace:
        for item in workspace.dataset("pets").items(status="done"):
            image_rgb, mask = item.image_rgb(), item.mask()

Nothing here imports torch, except `Item.maps` and `Dataset.propose`. A studio may be open at the same time:
both use one database. Errors are `UserError` and `db.errors.StorageError`, whose texts say what to do.
"""

from __future__ import annotations

from puzzlecam_app.api.datasets import ClassInfo, Dataset
from puzzlecam_app.api.items import Item, RevisionInfo
from puzzlecam_app.api.workspaces import Workspace, open_workspace
from puzzlecam_app.interchange.exporting import ExportOptions, ExportReport
from puzzlecam_app.interchange.importing import ImportOptions
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.reports import ImportReport

__all__ = [
    "ClassInfo",
    "Dataset",
    "ExportOptions",
    "ExportReport",
    "ImportOptions",
    "ImportReport",
    "Item",
    "ReadOptions",
    "RevisionInfo",
    "Workspace",
    "open_workspace",
]
