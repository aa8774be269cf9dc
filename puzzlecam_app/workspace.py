"""The places inside a workspace folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from puzzlecam_app.errors import UserError


@dataclass(frozen=True)
class Workspace:
    """Layout of a workspace folder; every path lies under `root`."""

    root: Path

    @property
    def database_path(self) -> Path:
        """The SQLite file, used unless a database URL is set."""
        return self.root / "puzzlecam.sqlite3"

    @property
    def masks_dir(self) -> Path:
        """Content-addressed mask PNGs: `ab/<sha256>.png`."""
        return self.root / "masks"

    @property
    def images_dir(self) -> Path:
        """Pictures that an import copied: `ab/<sha256>.<ext>`."""
        return self.root / "images"

    @property
    def uploads_dir(self) -> Path:
        """Uploads from browsers that are not imported yet."""
        return self.root / "uploads"

    @property
    def cache_dir(self) -> Path:
        """Everything that can be computed again; safe to delete while the studio is stopped."""
        return self.root / "cache"

    @property
    def aliases_path(self) -> Path:
        """What tags mean, in people's own words; see `trainer.data.aliases`."""
        return self.root / "aliases.toml"

    @property
    def meanings_dir(self) -> Path:
        """Cached vectors of the meanings of ImageNet's classes."""
        return self.cache_dir / "meanings"

    @property
    def cams_dir(self) -> Path:
        """Cached class activation maps."""
        return self.cache_dir / "cams"

    @property
    def cells_dir(self) -> Path:
        """Cached features of pictures for the live models."""
        return self.cache_dir / "cells"

    @property
    def live_dir(self) -> Path:
        """What the live models have learned, one folder for each dataset; made again if it is missing."""
        return self.root / "live"

    @property
    def thumbs_dir(self) -> Path:
        """Cached thumbnails."""
        return self.cache_dir / "thumbs"

    @property
    def display_dir(self) -> Path:
        """Cached upright pictures, as the browser shows them."""
        return self.cache_dir / "images"

    @property
    def superpixels_dir(self) -> Path:
        """Cached superpixel maps."""
        return self.cache_dir / "superpixels"

    @property
    def exports_dir(self) -> Path:
        """What the Export page writes, one folder for each export."""
        return self.root / "exports"

    @property
    def pictures_dir(self) -> Path:
        """Cached pictures of datasets at URLs: `ab/<sha256>`."""
        return self.cache_dir / "pictures"

    @property
    def zips_dir(self) -> Path:
        """Zips of exports for download; each is made again when it is asked for."""
        return self.cache_dir / "zips"

    @property
    def runs_dir(self) -> Path:
        """Training runs, one folder for each; see `puzzlecam_app.runs.folder`."""
        return self.root / "runs"

    @property
    def logs_dir(self) -> Path:
        """Details of unexpected errors, one file for each."""
        return self.root / "logs"

    def prepare(self) -> Self:
        """Create the folders that are missing.

        Raises:
            UserError: A folder cannot be created or written to.
        """
        folders = (
            self.root,
            self.masks_dir,
            self.images_dir,
            self.uploads_dir,
            self.cams_dir,
            self.cells_dir,
            self.live_dir,
            self.thumbs_dir,
            self.display_dir,
            self.superpixels_dir,
            self.exports_dir,
            self.runs_dir,
            self.logs_dir,
        )
        for folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._not_writable(folder, error.strerror or str(error)) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise self._not_writable(folder, "no permission to write")
        return self

    def _not_writable(self, folder: Path, reason: str) -> UserError:
        return UserError(
            f"the workspace cannot be written ({reason.lower()})",
            where=str(folder),
            remedy="Choose another folder with --workspace or PUZZLECAM_WORKSPACE",
        )
