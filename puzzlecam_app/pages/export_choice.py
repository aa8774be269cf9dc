"""The part of the Export page that chooses pictures, changes the class list, and sets options of formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlalchemy import select

from db.datasets import find_dataset
from db.labels import latest_label_set
from db.models import Item
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_changes import ClassChanges, changed_classes
from puzzlecam_app.interchange.export_files import HowPictures
from puzzlecam_app.interchange.formats.writers import write_format
from puzzlecam_app.interchange.read_options import Zero
from puzzlecam_app.interchange.snapshot import count_exportable
from puzzlecam_app.pages.sentences import counted, plain, shown
from puzzlecam_app.services import Services

_COLUMNS = ["Class", "Name in the export", "Export it"]
_NO_SPLIT = "without a split"
_DROPPED = {"Background": False, "Void (255)": True}
_ZEROS: dict[str, Zero] = {"Background": "background", "The first class; background becomes void": "class"}
_PICTURES: dict[str, HowPictures] = {
    "Links, or copies where the disk has none": "link",
    "Copies": "copy",
    "None: labels alone": "none",
}
_WITH_ZERO = frozenset({"mmseg", "cityscapes"})


@dataclass(frozen=True)
class Chosen:
    """What the part says: fields of `ExportOptions`."""

    splits: tuple[str, ...]
    with_tags: tuple[str, ...]
    classes: ClassChanges
    zero: Zero
    as_polygons: bool
    as_predictions: bool
    pictures: HowPictures


class ExportChoice:
    """The components of the part."""

    def __init__(self, services: Services, dataset: gr.Dropdown, format: gr.Dropdown) -> None:
        self._services = services
        with gr.Accordion("Pictures and classes", open=False, elem_id="export-more"):
            with gr.Row():
                self.splits = gr.Dropdown(
                    [], multiselect=True, label="Only these splits", elem_id="export-splits"
                )
                self.tags = gr.Dropdown(
                    [], multiselect=True, label="Only pictures with one of these tags", elem_id="export-tags"
                )
            self.classes = gr.Dataframe(
                headers=_COLUMNS,
                datatype=["str", "str", "bool"],
                type="array",
                interactive=True,
                static_columns=[0],
                label="Classes. Two with the same name become one.",
                elem_id="export-classes",
            )
            self.first = gr.Dropdown(
                [],
                multiselect=True,
                label="Classes that come first, in this order",
                info="Names in the export. The others follow.",
                elem_id="export-first",
            )
            with gr.Row():
                self.dropped = gr.Dropdown(
                    list(_DROPPED), value=next(iter(_DROPPED)), label="Pixels of other classes become"
                )
                self.offset = gr.Number(
                    0,
                    precision=0,
                    minimum=0,
                    maximum=253,
                    label="Unused classes before the first one",
                    info="With 10, indices begin at 11.",
                    elem_id="export-offset",
                )
            self.zero = gr.Dropdown(
                list(_ZEROS), value=next(iter(_ZEROS)), label="0 in masks means", visible=False
            )
            self.polygons = gr.Checkbox(label="Outlines instead of run lengths", value=False, visible=False)
            self.predictions = gr.Checkbox(
                label="Predictions instead of annotations", value=False, visible=False
            )
            self.pictures = gr.Dropdown(
                list(_PICTURES),
                value=next(iter(_PICTURES)),
                label="Files of pictures",
                elem_id="export-pictures",
            )
        self.summary = gr.Markdown(elem_id="export-summary")
        quickly: dict[str, Any] = {
            "api_visibility": "private", "show_progress": "hidden", "queue": False,
        }  # fmt: skip
        dataset.change(
            self._of_dataset, dataset, [self.splits, self.tags, self.classes, self.first], **quickly
        )
        self.classes.change(_names_in, [self.classes, self.first], self.first, **quickly)
        format.change(_of_format, format, [self.zero, self.polygons, self.predictions], **quickly)

    @property
    def inputs(self) -> list[Any]:
        """The components whose values `chosen` takes."""
        return [
            self.splits,
            self.tags,
            self.classes,
            self.first,
            self.dropped,
            self.offset,
            self.zero,
            self.polygons,
            self.predictions,
            self.pictures,
        ]

    def summarise_when_changed(self, dataset: gr.Dropdown, statuses: gr.CheckboxGroup) -> None:
        """Keep the sentence about what would be exported up to date."""
        gr.on(
            [one.change for one in (dataset, statuses, *self.inputs)],
            lambda name, wanted, *values: summary(self._services, name, wanted, chosen(*values)),
            [dataset, statuses, *self.inputs],
            self.summary,
            api_visibility="private",
            show_progress="hidden",
            queue=False,
            # By default, what changes while a sentence is being made would be left out of it.
            trigger_mode="always_last",
        )

    def _of_dataset(self, name: str | None) -> tuple[Any, ...]:
        """The choices that a dataset has."""
        with self._services.database.read() as session:
            dataset = find_dataset(session, name) if name else None
            if dataset is None:
                empty = gr.Dropdown(choices=[], value=[])
                return empty, empty, gr.Dataframe(value=[]), empty
            names = [row.name for row in latest_label_set(session, dataset.id).classes]
            splits = session.scalars(select(Item.split).where(Item.dataset_id == dataset.id).distinct()).all()
        named = sorted(split for split in splits if split)
        choices = [(split, split) for split in named] + (
            [(_NO_SPLIT, "")] if len(named) < len(splits) else []
        )
        return (
            gr.Dropdown(choices=choices, value=[]),
            gr.Dropdown(choices=names, value=[]),
            gr.Dataframe(value=[[name, name, True] for name in names]),
            gr.Dropdown(choices=names, value=[]),
        )


def chosen(
    splits: Sequence[str] | None,
    tags: Sequence[str] | None,
    classes: Sequence[Sequence[Any]],
    first: Sequence[str] | None,
    dropped: str,
    offset: float | None,
    zero: str,
    as_polygons: bool,
    as_predictions: bool,
    pictures: str,
) -> Chosen:
    """What the components say; a row of `classes` is a class, its new name, and whether it is exported."""
    rows = [(str(row[0]), str(row[1] or "").strip(), bool(row[2])) for row in classes if row and row[0]]
    changes = ClassChanges(
        rename={old: new for old, new, _ in rows if new and new != old},
        drop=[old for old, _, is_kept in rows if not is_kept],
        order=tuple(first or ()),
        drop_to_void=_DROPPED[dropped],
        offset=int(offset or 0),
    )
    return Chosen(
        tuple(splits or ()),
        tuple(tags or ()),
        changes,
        _ZEROS[zero],
        as_polygons,
        as_predictions,
        _PICTURES[pictures],
    )


def summary(services: Services, name: str | None, statuses: Sequence[str], wanted: Chosen) -> str:
    """What would be exported: how many pictures, and the class list where it changes."""

    def work() -> str:
        with services.database.read() as session:
            dataset = find_dataset(session, name) if name else None
            if dataset is None:
                return ""
            count = count_exportable(
                session, dataset.id, statuses, splits=wanted.splits, with_tags=wanted.with_tags
            )
            rows = latest_label_set(session, dataset.id).classes
            names, colors = [row.name for row in rows], [row.color for row in rows]
        classes = changed_classes(names, colors, {}, wanted.classes)
        text = f"{counted(count, 'picture')} would be exported."
        kept = list(range(len(names) + 1))
        if classes.names != tuple(names) or classes.table[: len(kept)].tolist() != kept:
            listed = ", ".join(f"{one.index} {plain(one.name)}" for one in classes.classes)
            text += f" Classes in the export: {listed}."
        return text

    return shown(work, lambda why: f"**This cannot be exported:** {plain(why)}")


def check_name(name: str | None, statuses: Sequence[str]) -> str:
    """The name of the dataset; raises UserError if there is nothing to export."""
    if not name:
        raise UserError("no dataset is selected", remedy="Select one, or import one on the Datasets page")
    if not statuses:
        raise UserError("no status is selected", remedy="Select accepted, corrected or both")
    return name


def _names_in(classes: Sequence[Sequence[Any]], first: Sequence[str] | None) -> Any:
    """The names of the classes that are exported, to choose from."""
    names = list(dict.fromkeys(str(row[1]).strip() for row in classes if row and row[2] and row[1]))
    return gr.Dropdown(choices=names, value=[name for name in first or () if name in names])


def _of_format(format: str) -> tuple[Any, ...]:
    """The options that a format has."""
    writes = write_format(format)
    return (
        gr.Dropdown(visible=format in _WITH_ZERO, value=next(iter(_ZEROS))),
        gr.Checkbox(visible=writes.has_polygons, value=False),
        gr.Checkbox(visible=writes.has_predictions, value=False),
    )
