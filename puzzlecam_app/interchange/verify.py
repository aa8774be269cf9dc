"""Checks that all files of a dataset are still there and unchanged."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field

from db.annotations import mask_hashes
from db.datasets import require_dataset
from db.engine import Database
from db.errors import StorageError
from db.items import all_items
from db.masks import MaskStore
from db.models import Item
from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, Progress, map_files
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.storage.dataset_files import files_of


class VerifyReport(BaseModel):
    """Outcome of a verification."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    pictures: int = Field(description="Pictures checked.")
    masks: int = Field(description="Masks checked, of all revisions.")
    problems: tuple[Problem, ...]


def verify_dataset(
    database: Database, mask_store: MaskStore, dataset_name: str, *, progress: Progress | None = None
) -> VerifyReport:
    """Read every picture of a dataset and every mask of its history, and compare their hashes.

    `progress` is called with the number of files read and their total. Raises db.errors.NotFoundError for
    an unknown dataset.
    """
    with database.read() as session:
        dataset = require_dataset(session, dataset_name)
        files = files_of(session, dataset)
        items = all_items(session, dataset.id)
        hashes = mask_hashes(session, dataset.id)

    def check_picture(item: Item) -> Problem | None:
        if item.missing_since is not None:
            reason = "the last import did not find the picture"
            return error(item.name, reason, "Put the file back, under any name, and import again")
        try:
            with files.open(item.path) as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as problem:
            reason = f"the picture {files.place(item.path)} cannot be read ({problem.strerror})"
            return error(item.name, reason, "Put the file back where it was")
        if sha256 != item.sha256:
            reason = f"the picture {files.place(item.path)} has changed since it was imported"
            return error(item.name, reason, "Put the old file back, or import the dataset again")
        return None

    def check_mask(name: str) -> Problem | None:
        try:
            mask_store.get(name)
        except StorageError as problem:
            return error(f"mask {name}", str(problem), "Restore the file from a backup")
        return None

    def check(subject: Item | str) -> Problem | None:
        return check_mask(subject) if isinstance(subject, str) else check_picture(subject)

    subjects: list[Item | str] = [*items, *hashes]
    problems = tuple(
        filter(
            None, map_files(check, subjects, progress, threads=THREADS_THAT_WAIT if files.is_remote else None)
        )
    )
    return VerifyReport(dataset=dataset.name, pictures=len(items), masks=len(hashes), problems=problems)
