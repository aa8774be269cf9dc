"""Compares two sources over the same pictures: which classes and which pictures get better or worse."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from db.items import present_items
from puzzlecam_app.lab.class_page import figures_of
from puzzlecam_app.lab.measuring import cells_of
from puzzlecam_app.lab.sources import Source, find_picture
from puzzlecam_app.runs.jobs import Report
from puzzlecam_app.services import Services
from trainer.machine.durable_write import write_atomic


class ComparedPicture(BaseModel):
    """A picture of which both sources have a mask. Each IoU is a mean over the classes in either mask."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    tags: list[int]
    agreement: float = Field(description="IoU of the two masks with each other")
    first: float | None = Field(
        description="IoU of the first mask with the reference mask; null without a reference mask"
    )
    second: float | None = Field(
        description="IoU of the second mask with the reference mask; null without a reference mask"
    )

    @property
    def change(self) -> float | None:
        """IoU of the second minus IoU of the first; None without a reference mask."""
        return None if self.first is None or self.second is None else self.second - self.first


class ComparedClass(BaseModel):
    """IoU of a class over all compared pictures; `first` and `second` against the reference masks."""

    index: int
    name: str
    first: float | None
    second: float | None
    agreement: float | None = Field(description="IoU of the class between the two sources' masks")


class Comparison(BaseModel):
    """The result of `compare`, stored in a file."""

    first: str
    second: str
    titles: tuple[str, str]
    pictures: list[ComparedPicture] = Field(
        description="Those that lose most IoU first; those without reference mask last, by agreement"
    )
    classes: list[ComparedClass]
    measured: int = Field(description="Number of pictures with a reference mask that counts")
    missing: int = Field(description="Number of tagged pictures of which a source has no mask")
    taught: int = Field(
        description="Number of pictures not measured because a source was trained on their reference mask"
    )


def comparison_path(cache_dir: Path, dataset_id: int, first: str, second: str) -> Path:
    """File of the last comparison of two sources, by their keys."""
    return cache_dir / "lab" / f"compare-{dataset_id}-{first}-{second}.json"


def load_comparison(path: Path) -> Comparison | None:
    """The last comparison; None if there is none, or an older version of the studio wrote it."""
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def compare(
    services: Services,
    dataset_id: int,
    first: Source,
    second: Source,
    names: Mapping[int, str],
    report: Report,
) -> Comparison:
    """Compare the masks of two sources on every picture of which both have one, and store the result.

    With a reference mask, a picture's change is the difference of its IoU. Without one, only the agreement of
    the two masks is known.
    """
    from trainer.masks.metrics import confusion_matrix, iou_per_class

    with services.database.read() as session:
        ids = [item.id for item in present_items(session, dataset_id)]
    pictures: list[ComparedPicture] = []
    totals = {name: np.zeros((256, 256), dtype=np.int64) for name in ("first", "second", "agreement")}
    missing = taught = 0
    for number, item_id in enumerate(ids):
        report(number, len(ids))
        picture = find_picture(services, item_id)
        if not picture.item.tags:
            continue
        seen = [source.see(picture) for source in (first, second)]
        masks = [None if one is None else one.mask for one in seen]
        a, b = masks
        if a is None or b is None or a.shape != b.shape:
            missing += 1
            continue
        between = confusion_matrix(a, b, 256)
        totals["agreement"] += between
        ious: dict[str, float | None] = {"first": None, "second": None}
        if picture.truth is not None and any(one.is_taught(item_id) for one in (first, second)):
            taught += 1
        elif picture.truth is not None:
            truth = services.masks.get(picture.truth)
            for name, mask in (("first", a), ("second", b)):
                counts = confusion_matrix(truth, mask, 256)
                totals[name] += counts
                ious[name] = float(np.nanmean(iou_per_class(counts)))
        pictures.append(
            ComparedPicture(
                id=item_id,
                name=picture.item.name,
                tags=list(picture.item.tags),
                agreement=float(np.nanmean(iou_per_class(between))),
                **ious,
            )
        )
    pictures.sort(key=_worse_first)
    cells = {name: cells_of(total) for name, total in totals.items()}
    classes = [
        ComparedClass(
            index=index,
            name=name,
            **{kind: figures_of(cells[kind], index).iou for kind in ("first", "second", "agreement")},
        )
        for index, name in {0: "background", **names}.items()
    ]
    found = Comparison(
        first=first.key,
        second=second.key,
        titles=(first.title, second.title),
        pictures=pictures,
        classes=[one for one in classes if one.agreement is not None or one.first is not None],
        measured=sum(one.first is not None for one in pictures),
        missing=missing,
        taught=taught,
    )
    path = comparison_path(services.workspace.cache_dir, dataset_id, first.key, second.key)
    write_atomic(path, found.model_dump_json().encode())
    report(len(ids), len(ids))
    return found


def _worse_first(one: ComparedPicture) -> tuple[bool, float, int]:
    return (one.change is None, one.agreement if one.change is None else one.change, one.id)
