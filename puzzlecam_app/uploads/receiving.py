"""Imports an upload that has arrived, as a folder on the server is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from db.datasets import find_dataset, get_dataset, is_copied
from db.engine import Database
from db.labels import latest_label_set
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.import_target import MaskUse
from puzzlecam_app.interchange.importing import ImportOptions, import_source, read_for
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.interchange.stores import Stores
from puzzlecam_app.uploads.store import Upload, UploadStore
from puzzlecam_app.uploads.zips import unpack

_CLASSES: Final = "classes-of-the-dataset.txt"


def check_target(database: Database, name: str, dataset_id: int | None) -> str:
    """Return the name of the data set that an upload goes to.

    Raises:
        UserError: A new one has the name of another, or the pictures of a known one are not in the workspace.
        NotFoundError: There is no data set with that id.
    """
    with database.read() as session:
        if dataset_id is None:
            if find_dataset(session, name.strip()) is not None:
                raise UserError(
                    f"there is a dataset {name.strip()!r} already",
                    remedy="Choose another name, or add the pictures to that dataset",
                )
            return name.strip()
        dataset = get_dataset(session, dataset_id)
        if not is_copied(dataset):
            raise UserError(
                f"the pictures of {dataset.name!r} stay where they are, in {dataset.root}",
                remedy="Add the new ones there and import it again, or upload them as a new dataset",
            )
        return dataset.name


def receive(
    store: UploadStore,
    upload: Upload,
    stores: Stores,
    *,
    masks: MaskUse | None,
    max_pixels: int,
    progress: Callable[[int, int], None],
) -> ImportReport:
    """Unpack the zips of an upload, import everything, and remove the upload.

    Pictures that are added to a data set get the classes of its list.

    Raises:
        UserError: As `import_source`, or a zip cannot be unpacked; the upload stays.
    """
    store.check_whole(upload)
    name = check_target(stores.database, upload.dataset, upload.dataset_id)
    folder = store.files_of(upload.id)
    for archive in [path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ".zip"]:
        unpack(archive, archive.parent, store.check_space(0), progress)
        archive.unlink()
    is_new = upload.dataset_id is None
    reading = ReadOptions(classes_file=None if is_new else _class_file(stores.database, upload, folder))
    try:
        report = import_source(
            stores,
            read_for(stores, folder, name, reading),
            name,
            origin=f"upload by {upload.owner}",
            options=ImportOptions(masks, True, max_pixels, adds_to_known=not is_new),
            progress=progress,
        )
    except UserError as problem:
        # People do not know the folder that their files are in meanwhile.
        where = (problem.where or "").replace(str(folder), "").strip("/") or None
        raise UserError(problem.message, where=where, remedy=problem.remedy) from problem
    store.remove(upload.id)
    return report


def _class_file(database: Database, upload: Upload, folder: Path) -> Path | None:
    with database.read() as session:
        names = [row.name for row in latest_label_set(session, upload.dataset_id or 0).classes]
    if not names:
        return None
    path = folder.parent / _CLASSES
    path.write_text("\n".join(names) + "\n", encoding="utf-8")
    return path
