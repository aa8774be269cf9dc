"""An open workspace, for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from db.datasets import list_datasets, require_dataset
from puzzlecam_app.api.datasets import Dataset
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.interchange.read_options import AUTO, ReadOptions
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.services import Services, open_services
from puzzlecam_app.settings import Settings
from puzzlecam_app.storage.urls import place_named


def open_workspace(path: str | Path, **settings: Any) -> Workspace:
    """Open the workspace in the folder `path`; it is made if it does not exist.

    Args:
        path: Folder of the workspace.
        settings: Other settings by the names of their fields in `puzzlecam_app.settings.Settings`, such as
            ``database_url`` and ``model``. The environment variables of the studio count, too.

    Raises:
        UsageError: A setting cannot be used.
        UserError: The folder cannot be written.
        db.errors.StorageError: The database cannot be opened.
    """
    return Workspace(open_services(Settings.load(workspace=Path(path), **settings)))


class Workspace:
    """An open workspace. Close it when done, or use it as a context manager."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def datasets(self) -> list[Dataset]:
        """All datasets, by name."""
        with self._services.database.read() as session:
            found = [(row.id, row.name) for row in list_datasets(session)]
        return [Dataset(self._services, dataset_id, name) for dataset_id, name in found]

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name; raises StorageError if there is none."""
        with self._services.database.read() as session:
            found = require_dataset(session, name)
            return Dataset(self._services, found.id, found.name)

    def import_dataset(
        self,
        path: str | Path,
        name: str,
        *,
        format: str = AUTO,
        reading: ReadOptions | None = None,
        options: ImportOptions | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import the folder `path` as the dataset `name`, or bring the dataset up to date.

        Args:
            path: Folder of the dataset, or its URL.
            name: Name of the dataset in the studio.
            format: Its format, as in docs/formats.md; ``auto`` recognises it.
            reading: How the folder is read; `format` is not used then.
            options: What is taken of it: whether masks come in, and as what.
            progress: Called with the number of pictures checked and their total.

        Raises:
            UserError: The dataset as a whole cannot be imported. Single pictures that cannot be are in the
                report.
        """
        reading = reading or ReadOptions(format)
        if options is None:
            options = ImportOptions(max_pixels=self._services.settings.max_image_pixels)
        stores = self._services.stores
        place = place_named(str(path))
        return import_dataset(stores, place, name, reading=reading, options=options, progress=progress)

    def close(self) -> None:
        """Close the database and stop background work."""
        self._services.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
