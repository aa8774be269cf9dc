"""The sample project: pictures from installed packages, so that a new workspace is not empty."""

from __future__ import annotations

import json
import shutil
import tempfile
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from db.datasets import find_dataset, has_been_used, list_import_reports
from puzzlecam_app.assets import assets_dir
from puzzlecam_app.interchange.folder import read_folder
from puzzlecam_app.interchange.importing import ImportOptions, import_source
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.interchange.stores import Stores

SAMPLE_NAME: Final = "sample"


class SamplePicture(BaseModel):
    """One picture of the sample project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: str = Field(description="Installed package that holds the file.")
    file: str = Field(description="Path in that package.")
    name: str = Field(description="Name of the picture in the studio.")
    tags: tuple[str, ...] = Field(min_length=1)
    title: str
    license: str
    source: str = Field(description="Who made it and where it comes from.")

    def find(self) -> Path | None:
        """Where the file is, None if the package or the file is not installed. Imports nothing."""
        spec = find_spec(self.package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(location) / self.file
            if path.is_file():
                return path
        return None


def sample_pictures() -> tuple[SamplePicture, ...]:
    """The pictures listed in ``assets/sample/manifest.toml``."""
    text = (assets_dir() / "sample" / "manifest.toml").read_text("utf-8")
    return tuple(SamplePicture.model_validate(entry) for entry in tomllib.loads(text)["pictures"])


def ensure_sample(stores: Stores) -> int:
    """Import the sample project into a workspace that never had a dataset; returns the pictures added.

    A sample project that was removed is not imported again. An interrupted import is completed.
    """
    with stores.database.read() as session:
        sample = find_dataset(session, SAMPLE_NAME)
        is_cut_off = sample is not None and not list_import_reports(session, sample.id)
        if has_been_used(session) and not is_cut_off:
            return 0
    return import_sample(stores).added


def import_sample(stores: Stores, *, name: str = SAMPLE_NAME) -> ImportReport:
    """Copy the sample pictures into the workspace and import them as the dataset `name`.

    A picture that its package no longer contains is reported as missing. Raises what `import_source` does.
    """
    pictures = sample_pictures()
    with tempfile.TemporaryDirectory(prefix="puzzlecam-sample-") as folder:
        staging = Path(folder)
        for picture in pictures:
            found = picture.find()
            if found is not None:
                shutil.copyfile(found, staging / picture.name)
        listing = staging / "tags.json"
        listing.write_text(json.dumps({picture.name: picture.tags for picture in pictures}), "utf-8")
        source = read_folder(staging, tags_file=listing)
        options = ImportOptions(copy=True)
        return import_source(stores, source, name, origin="the sample project", options=options)
