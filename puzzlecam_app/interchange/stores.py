"""Where a workspace keeps what is imported into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from db.engine import Database
from db.masks import MaskStore
from puzzlecam_app.interchange.tag_readings import TagReader
from puzzlecam_app.workspace import Workspace


@dataclass(frozen=True)
class Stores:
    """The three places an import writes to.

    Attributes:
        database: datasets, pictures, tags, revisions.
        masks: masks as content-addressed PNGs.
        images_dir: folder in the workspace for pictures that are copied in, named after their content.
        reader: says what tags are understood as.
    """

    database: Database
    masks: MaskStore
    images_dir: Path
    reader: TagReader = field(default_factory=TagReader)

    @property
    def workspace(self) -> Workspace:
        """All places of the workspace."""
        return Workspace(self.images_dir.parent)

    @property
    def copies_root(self) -> str:
        """Root of a dataset whose pictures are copied in, relative to the workspace."""
        return self.images_dir.name
