"""Recognises the format of a dataset on disk, and reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.fetched_tree import FetchedTree
from puzzlecam_app.interchange.formats.registry import Recognised, read_format, recognise
from puzzlecam_app.interchange.read_options import AUTO, ReadOptions
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.user_paths import user_path


def read_source(path: Path, options: ReadOptions | None = None, *, known: str | None = None) -> Source:
    """Read the dataset at `path`; `known` is the format that it was imported as before.

    Raises:
        UserError: The folder is missing, is not of that format, is of several, or its lists cannot be read.
    """
    root = user_path(path)
    if not root.is_dir():
        raise UserError("there is no such folder", where=str(root), remedy="Give the folder of the dataset")
    options = options or ReadOptions()
    return _read(RootFiles(root, options.follow_links), options, known)


def read_tree(tree: FetchedTree, options: ReadOptions | None = None, *, known: str | None = None) -> Source:
    """The same for a dataset at a URL."""
    with tree.named():
        source = _read(tree.files(tree.folder), options or ReadOptions(), known)
    return replace(source, tree=tree, problems=[*tree.problems, *source.problems])


def _read(files: RootFiles, options: ReadOptions, known: str | None) -> Source:
    if options.format == AUTO:
        found = recognise(files, known)
    else:
        found = Recognised(read_format(options.format), "you chose it")
    source = found.format.read(files.root, options)
    return replace(
        source,
        layout=found.format.name,
        tags_from_masks=options.tags_from_masks or source.tags_from_masks,
        recognised=found.reason,
    )
