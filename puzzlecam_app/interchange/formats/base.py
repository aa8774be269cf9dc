"""What a format is: the small protocol that every format keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.root_files import RootFiles


@dataclass(frozen=True)
class ReadFormat:
    """A format that can be imported.

    Attributes:
        name: as in ``--format``.
        title: for people, such as "COCO instances".
        recognise: looks at the files of a folder, and says by what it is of this format ("there is a folder
            JPEGImages"); None if it is not. Must be fast: it reads the beginnings of a few files.
        read: reads the lists of a dataset; masks are read later, a picture at a time.
        more_telling_than: formats whose signs are also there in datasets of this one. Where both fit, this
            one is meant.
    """

    name: str
    title: str
    recognise: Callable[[RootFiles], str | None]
    read: Callable[[Path, ReadOptions], Source]
    more_telling_than: frozenset[str] = frozenset()
