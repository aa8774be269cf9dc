"""A workspace without an app around it, and an import into it."""

from pathlib import Path

import pytest

from puzzlecam_app.interchange.import_target import MaskUse
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.reports import ImportReport
from tests.helpers_pictures import Import, Studio, open_studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return open_studio(tmp_path / "workspace")


@pytest.fixture
def run(studio: Studio) -> Import:
    """Import a folder as `data`."""

    def run(
        path: Path,
        name: str = "data",
        *,
        masks: MaskUse | None = None,
        copy: bool = False,
        progress: Progress | None = None,
        **reading: object,
    ) -> ImportReport:
        return import_dataset(
            studio.stores,
            path,
            name,
            reading=ReadOptions(**reading),
            options=ImportOptions(masks, copy),
            progress=progress,
        )

    return run
