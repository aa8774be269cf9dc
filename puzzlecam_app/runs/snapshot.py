"""What a run learns from, frozen when the run is created and kept with it, so that it can be explained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from db.annotations import latest_revisions
from db.datasets import get_dataset, is_at_url, root_of
from db.items import all_items, present_items, tags_of
from db.labels import latest_label_set
from db.models import Dataset, utc_now
from db.natural_order import natural_key
from db.status import STATUS_GROUPS, Status, status_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.export_names import export_names
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.storage.dataset_files import files_of

ALL: Final = "all"
"""The split that contains every picture."""

_NO_SPLIT: Final = "train"  # as in an export


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunItem(_Frozen):
    """A tagged picture at the time of the snapshot."""

    item_id: int
    name: str = Field(description="Name of the picture in the studio.")
    id: str = Field(description="Name of the picture in the run's dataset folder and outputs.")
    path: Path = Field(description="The file, to which the dataset folder links, or its path at the URL.")
    sha256: str
    width: int
    height: int
    split: str
    tags: tuple[int, ...] = Field(description="Class indices.")
    revision_id: int | None = Field(description="Newest revision; null for a new item.")
    status: Status
    accepted_mask: str | None = Field(description="Hash of the mask that a person accepted or corrected.")
    ground_truth: str | None = Field(description="Hash of the ground-truth mask.")


class RunSnapshot(_Frozen):
    """A dataset at one moment: its classes in the order of their indices, and its tagged pictures."""

    format: Literal["puzzlecam-run-snapshot"] = "puzzlecam-run-snapshot"
    version: Literal[1] = 1
    dataset_id: int
    dataset: str
    label_set_revision: int
    classes: tuple[str, ...]
    taken_at: datetime
    untagged: int = Field(description="Number of pictures without tags, which the run does not use.")
    url: str | None = Field(
        default=None, description="URL that the paths of the pictures are relative to; null for local files."
    )
    items: tuple[RunItem, ...]

    def in_split(self, split: str) -> tuple[RunItem, ...]:
        """The items of a split; all items for `ALL`."""
        return tuple(item for item in self.items if split in (ALL, item.split))

    @property
    def splits(self) -> dict[str, int]:
        """Number of pictures by split, `ALL` first."""
        counts = Counter(item.split for item in self.items)
        return {ALL: len(self.items), **{name: counts[name] for name in sorted(counts, key=natural_key)}}


def take_snapshot(session: Session, dataset_id: int) -> RunSnapshot:
    """The snapshot of a dataset: tags as edited, and the masks that people accepted or corrected.

    Pictures that are missing are not in it.

    Raises NotFoundError if there is no such dataset.
    """
    dataset = get_dataset(session, dataset_id)
    label_set = latest_label_set(session, dataset_id)
    revisions = latest_revisions(session, dataset_id)
    items = all_items(session, dataset_id)
    tags = tags_of(session, [item.id for item in items])
    ids = export_names(items)
    root = Path() if is_at_url(dataset) else root_of(session, dataset)
    taken = []
    for item in items:
        if item.missing_since is not None or not tags[item.id]:
            continue
        newest = revisions.get(item.id)
        status = status_of(newest.action if newest else None)
        is_accepted = newest is not None and status in STATUS_GROUPS["done"]
        taken.append(
            RunItem(
                item_id=item.id,
                name=item.name,
                id=ids[item.id],
                path=root / item.path,
                sha256=item.sha256,
                width=item.width,
                height=item.height,
                split=item.split or _NO_SPLIT,
                tags=tags[item.id],
                revision_id=newest.id if newest else None,
                status=status,
                accepted_mask=newest.mask_hash if newest and is_accepted else None,
                ground_truth=item.ground_truth,
            )
        )
    return RunSnapshot(
        dataset_id=dataset.id,
        dataset=dataset.name,
        label_set_revision=label_set.revision,
        classes=tuple(row.name for row in label_set.classes),
        taken_at=utc_now(),
        untagged=sum(item.missing_since is None for item in items) - len(taken),
        url=dataset.root if is_at_url(dataset) else None,
        items=tuple(taken),
    )


def current_paths(session: Session, snapshot: RunSnapshot) -> tuple[RootFiles, dict[int, str]]:
    """Where the pictures of a snapshot are now, by item id, if their content is the same and not missing.

    Returns:
        The files of the dataset, and the relative paths of the pictures among them.
    """
    dataset = session.get_one(Dataset, snapshot.dataset_id)
    frozen = {item.item_id: item.sha256 for item in snapshot.items}
    return files_of(session, dataset), {
        item.id: item.path
        for item in present_items(session, dataset.id)
        if frozen.get(item.id) == item.sha256
    }


def supervision_of(snapshot: RunSnapshot, split: str) -> dict[str, Any]:
    """Numbers that describe what a run on a split learns from; they are stored with the run."""
    items = snapshot.in_split(split)
    return {
        "pictures": len(items),
        "untagged": snapshot.untagged,
        "accepted_masks": sum(item.accepted_mask is not None for item in items),
        "ground_truth": sum(item.ground_truth is not None for item in items),
        "classes": len(snapshot.classes),
        "label_set_revision": snapshot.label_set_revision,
    }


def uses_accepted(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe, given as JSON values, uses accepted masks for training."""
    return any(
        bool(value) if name == "use_accepted" else isinstance(value, Mapping) and uses_accepted(value)
        for name, value in recipe.items()
    )


def supervision_sentence(counts: dict[str, Any], *, uses_accepted: bool) -> str:
    """What a run learns from, in words.

    >>> supervision_sentence({"pictures": 1, "accepted_masks": 0, "untagged": 2}, uses_accepted=True)
    'Tags of 1 picture. 2 pictures have no tags and are left out.'
    """
    told = f"Tags of {_pictures(counts['pictures'])}"
    accepted = counts.get("accepted_masks", 0)
    if accepted and uses_accepted:
        told += f"; {accepted} accepted {'mask' if accepted == 1 else 'masks'}"
    elif accepted:
        told += f"; {accepted} accepted {'mask is' if accepted == 1 else 'masks are'} not used"
    untagged = counts.get("untagged", 0)
    if not untagged:
        return told + "."
    verb, pronoun = ("has", "is") if untagged == 1 else ("have", "are")
    return f"{told}. {_pictures(untagged)} {verb} no tags and {pronoun} left out."


def read_snapshot(path: Path) -> RunSnapshot:
    """Read the snapshot of a run; raises UserError if it is missing or damaged."""
    try:
        return RunSnapshot.model_validate_json(path.read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        raise UserError(
            "the snapshot of the run cannot be read",
            where=str(path),
            remedy="Restore it from a backup, or start a new run",
        ) from error


def _pictures(count: int) -> str:
    return f"{count:,} {'picture' if count == 1 else 'pictures'}"
