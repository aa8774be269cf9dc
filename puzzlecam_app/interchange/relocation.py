"""Finds the pictures of a dataset again after their folder was moved."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from db.copies import follow_originals
from db.datasets import is_copied, require_dataset
from db.engine import Database, workspace_of
from db.identity import KnownPicture, Place, known_pictures, move_items, set_found, set_missing
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.fetched_tree import open_tree
from puzzlecam_app.interchange.folder_layout import find_layout
from puzzlecam_app.interchange.identity import unused_label
from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, Progress, map_files
from puzzlecam_app.interchange.tree import scan_pictures
from puzzlecam_app.interchange.voc import PICTURES, find_voc_root
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.storage.urls import StorageUrl
from puzzlecam_app.workspace import Workspace


class RelocateReport(BaseModel):
    """Outcome of one relocation."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    old_root: str = Field(description="Folder that the pictures were in.")
    root: str = Field(description="Folder that was searched.")
    pictures: int = Field(description="Pictures of the dataset, without those that an import had missed.")
    found: int = Field(description="Pictures that were found.")
    renamed: int = Field(description="Pictures that were found under another name.")
    missing: tuple[str, ...] = Field(description="Names of the pictures that were not found.")
    relocated: bool = Field(description="Whether the dataset is in the new folder now.")

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        names = f" ({self.renamed} under another name)" if self.renamed else ""
        text = f"{self.dataset}: {self.found} of {self.pictures} pictures found in {self.root}{names}."
        if not self.missing:
            return text
        if self.relocated:
            return f"{text} {len(self.missing)} are missing now; import again when they are back."
        return (
            f"{text} Nothing was changed, because {len(self.missing)} are missing. Put them there, or "
            "relocate the dataset without them (--partial)."
        )


def relocate_dataset(
    database: Database,
    name: str,
    path: Path | StorageUrl,
    *,
    partial: bool = False,
    may_follow_links: bool = False,
    progress: Progress | None = None,
) -> RelocateReport:
    """Find the pictures of the dataset `name` in the folder `path` by their content, and keep them there.

    Files may have other names in the new folder. Nothing is changed if pictures are not found, unless
    `partial`: they are then missing until an import or a relocation finds them.

    Args:
        database: Where the dataset is kept.
        name: Name of the dataset in the studio.
        path: The folder or URL that the pictures are in now.
        partial: Relocate the dataset although some pictures are not found.
        may_follow_links: Follow links out of the folder if the dataset does; otherwise it no longer does.
        progress: Called with the number of files read and their total.

    Raises:
        UserError: The folder is missing or has another layout, none of the pictures is in it, or the pictures
            were copied into the workspace.
        db.errors.NotFoundError: There is no such dataset.
    """
    with database.read() as session:
        dataset = require_dataset(session, name)
        dataset_id, old_root, layout = dataset.id, dataset.root, dataset.layout
        known = known_pictures(session, dataset_id)
        copied = is_copied(dataset)
        tree = open_tree(path, Workspace(workspace_of(session))) if isinstance(path, StorageUrl) else None
        follow_links = dataset.follow_links and may_follow_links
    if copied:
        raise UserError(
            f"the pictures of the dataset {name!r} were copied into the workspace and are not in a folder",
            remedy="Move the whole workspace, and give its new place with --workspace",
        )
    if tree is None:
        among = RootFiles(_root(Path(str(path)), layout, follow_links=follow_links), follow_links)
    else:
        follow_links = False
        with tree.named():
            among = tree.files(_root(tree.folder, layout, follow_links=False))
    found, root = _find(known, among, layout, progress), among.place()
    lost = [one for one in known if one.id not in found and not one.is_missing]
    if known and not found:
        raise UserError(
            f"none of the {len(known)} pictures of the dataset {name!r} is in the folder",
            where=root,
            remedy="Give the folder that contains them now",
        )
    relocated = partial or not lost
    if relocated:
        places = _places(known, found)
        with database.write() as session:
            moved = require_dataset(session, name)
            moved.root, moved.follow_links = root, follow_links
            move_items(session, places)
            set_found(session, found)
            set_missing(session, [one.id for one in lost])
            follow_originals(session, moved.id)
    return RelocateReport(
        dataset=name,
        old_root=old_root,
        root=root,
        pictures=len(found) + len(lost),
        found=len(found),
        renamed=sum(one.id in found and found[one.id].path != one.path for one in known),
        missing=tuple(one.name for one in lost),
        relocated=relocated,
    )


def _root(path: Path, layout: str, *, follow_links: bool) -> Path:
    folder = path.expanduser().absolute()
    if not folder.is_dir():
        raise UserError(
            "there is no such folder", where=str(folder), remedy="Give the folder that contains the pictures"
        )
    if layout != "voc":
        return folder
    root = find_voc_root(RootFiles(folder, follow_links))
    if root is None:
        raise UserError(
            f"there is no folder {PICTURES}, which the dataset was imported with",
            where=str(folder),
            remedy="Give the folder that contains it",
        )
    return root


def _find(
    known: Sequence[KnownPicture], among: RootFiles, layout: str, progress: Progress | None
) -> dict[int, Place]:
    """Where the pictures are now, by item id. Files that are where they were are read first."""
    root, follow_links = among.root, among.follow_links
    if layout == "voc":
        tree = scan_pictures(root / PICTURES, follow_links=follow_links)
        files = [f"{PICTURES}/{path}" for path in tree.pictures]
    else:
        exclude = find_layout(root).mask_paths
        files = list(scan_pictures(root, exclude=exclude, follow_links=follow_links).pictures)
    content: dict[str, str | None] = {}

    def read(paths: Iterable[str]) -> None:
        chosen = list(paths)
        threads = THREADS_THAT_WAIT if among.is_remote else None
        hashes = map_files(lambda path: _sha256(among, path), chosen, progress, threads=threads)
        content.update(zip(chosen, hashes, strict=True))

    expected = {one.path for one in known}
    read(path for path in files if path in expected)
    if any(content.get(one.path) != one.sha256 for one in known):
        read(path for path in files if path not in expected)
    by_content = defaultdict(list)
    for path in files:
        by_content[content.get(path)].append(path)

    found: dict[int, Place] = {}
    used: set[str] = set()
    by_claim = sorted(known, key=lambda one: (one.is_missing, not one.has_work, one.id))
    # Those that are where they were come first: another picture of the same content must not take their file.
    for one in sorted(by_claim, key=lambda one: content.get(one.path) != one.sha256):
        same = by_content.get(one.sha256, [])
        for path in sorted(same, key=lambda path: path != one.path):
            name = one.name if path == one.path else _name(path, layout)
            if name not in used:
                used.add(name)
                same.remove(path)
                found[one.id] = Place(name, path)
                break
    return found


def _places(known: Sequence[KnownPicture], found: dict[int, Place]) -> dict[int, Place]:
    """The items that get another name or path. An item that is not found gives up a name that is needed."""
    places = {
        one.id: found[one.id]
        for one in known
        if one.id in found and found[one.id] != Place(one.name, one.path)
    }
    needed = {place.name for place in found.values()}
    used = {*needed, *(one.name for one in known)}
    for one in known:
        if one.id not in found and one.name in needed:
            label = unused_label(one.name, used)
            used.add(label)
            places[one.id] = Place(label, one.path)
    return places


def _name(path: str, layout: str) -> str:
    """Name that an import gives to the picture at `path`."""
    if layout == "voc":
        return PurePosixPath(path).relative_to(PICTURES).with_suffix("").as_posix()
    return path


def _sha256(files: RootFiles, path: str) -> str | None:
    try:
        with files.open(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
