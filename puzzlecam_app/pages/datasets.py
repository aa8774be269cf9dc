"""The Datasets page: cards of the datasets, the import form, and the report of each dataset's last import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from db.datasets import find_dataset
from puzzlecam_app.components.own_module import OwnModule
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.dry_run import check_source
from puzzlecam_app.interchange.formats.registry import READ_FORMATS
from puzzlecam_app.interchange.import_roots import check_import_path, check_import_place
from puzzlecam_app.interchange.import_target import MaskUse
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset, read_for
from puzzlecam_app.interchange.read_options import AUTO, ReadOptions, Zero
from puzzlecam_app.interchange.reports import ImportReport, load_reports
from puzzlecam_app.pages import checking, computing, moved_folder, tag_words
from puzzlecam_app.pages.asking import led_datasets, person_of
from puzzlecam_app.pages.sentences import plain, shown
from puzzlecam_app.pages.time_left import with_time_left
from puzzlecam_app.people.owning import lead_new_dataset
from puzzlecam_app.people.person import Person
from puzzlecam_app.services import Services

_PROBLEM_COLUMNS = ["File", "Kind", "What is wrong", "What to do"]
_MASK_USES: dict[str, MaskUse | None] = {
    "Do not import masks": None,
    "Import as proposals": "proposals",
    "Import as ground truth to measure against": "ground-truth",
    "Import as accepted work": "accepted",
}
_ZEROS: dict[str, Zero] = {
    "Background": "background",
    "Void (ADE20K: other)": "void",
    "The first class": "class",
}
_MASK_255 = {"Void (not used)": False, "The only class": True}


CARDS = OwnModule("datasets/cards.js", ("datasets/classes.css", "datasets/cards.css"))
"""A card for each dataset, at the top."""
CLASSES = OwnModule("datasets/main.js", ("datasets/classes.css",))
"""The class lists, below what Gradio draws."""
UPLOADS = OwnModule("datasets/uploads.js", ("datasets/classes.css",))
"""Uploads from the browser, above them."""


def build(services: Services) -> None:
    """Add the page to the Blocks that are being built."""
    CARDS.component(elem_id="cards", class_name="ds-root", root_path=services.settings.root_path)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=560):
            chosen = gr.Dropdown([], label="Dataset", elem_id="import-report-of")
            report = gr.Markdown(elem_id="import-report")
            review = gr.Button("Review this dataset", link="/", visible=False, elem_id="import-review")
            work = computing.build(services, chosen)
            words = tag_words.build(services, chosen)
            problems = gr.Dataframe(
                headers=_PROBLEM_COLUMNS,
                interactive=False,
                wrap=True,
                column_widths=["20%", "10%", "36%", "34%"],
                visible=False,
                show_label=False,
                buttons=["copy"],
                elem_id="import-problems",
            )
            moved = moved_folder.build(services, chosen)
        with gr.Column(scale=2, min_width=400):
            gr.Markdown("## Import", elem_classes="studio-heading")
            path = gr.Textbox(
                label="Folder on this machine, or URL of a folder in a store"
                if services.settings.import_urls
                else "Folder on this machine",
                placeholder="/home/me/photos or a VOC folder with JPEGImages",
                info="Pictures stay where they are, unless you choose under More to copy them.",
                elem_id="import-path",
            )
            name = gr.Textbox(label="Name of the dataset", placeholder="pets", elem_id="import-name")
            tags = gr.Textbox(
                label="File with tags (optional)",
                info="CSV with the columns image,tags, or JSON. Without a file, sub-folders or VOC lists are "
                "used as tags.",
                elem_id="import-tags",
            )
            masks = gr.Radio(
                list(_MASK_USES),
                value=next(iter(_MASK_USES)),
                label="Masks in the folder",
                elem_id="import-masks",
            )
            with gr.Accordion("More", open=False):
                layout = gr.Dropdown(
                    [("Recognise it", AUTO), *((one.title, one.name) for one in READ_FORMATS)],
                    value=AUTO,
                    label="Format",
                )
                split = gr.Textbox(
                    label="Split", placeholder="all", info="Import only this split of a VOC dataset."
                )
                classes = gr.Textbox(label="File with class names (optional)", info="One name per line.")
                mask_255 = gr.Dropdown(
                    list(_MASK_255),
                    value=next(iter(_MASK_255)),
                    label="Index 255 in masks",
                    info="Some tools write 255 for the object if there is only one class.",
                )
                zero = gr.Dropdown(
                    list(_ZEROS), value=next(iter(_ZEROS)), label="Index 0 in masks", elem_id="import-zero"
                )
                tags_from_masks = gr.Checkbox(label="Derive the tags from the masks", value=False)
                copy = gr.Checkbox(label="Copy the pictures into the workspace", value=False)
            with gr.Row():
                check = gr.Button("Check", elem_id="import-check")
                start = gr.Button("Import", variant="primary", elem_id="import-start")
    UPLOADS.component(elem_id="uploads", class_name="ds-root", root_path=services.settings.root_path)
    CLASSES.component(elem_id="classes", class_name="ds-root", root_path=services.settings.root_path)

    inputs = [path, name, tags, masks, layout, split, classes, mask_255, zero, tags_from_masks, copy]
    outputs = [chosen, report, review, problems]
    start.click(_importer(services), inputs, outputs, show_progress_on=report, api_visibility="private")
    check.click(
        _checker(services), inputs, [report, problems], show_progress_on=report, api_visibility="private"
    )
    chosen.input(lambda name: _report(services, name), chosen, outputs[1:], api_visibility="private")
    for one in (work, words):
        chosen.change(
            one.state, chosen, one.outputs, api_visibility="private", show_progress="hidden", queue=False
        )
    report.change(
        words.state, chosen, words.outputs, api_visibility="private", show_progress="hidden", queue=False
    )
    moved(lambda name, _person: _report(services, name), outputs[1:])
    gr.on(None, _opener(services), None, outputs, api_visibility="private")


def _names(services: Services, person: Person) -> list[str]:
    with services.database.read() as session:
        return [one.name for one in led_datasets(session, person)]


def _importer(services: Services) -> Callable[..., tuple[Any, ...]]:
    def run(
        path: str | None,
        name: str | None,
        tags: str | None,
        masks: str,
        layout: str,
        split: str | None,
        classes: str | None,
        mask_255: str,
        zero: str,
        tags_from_masks: bool,
        copy: bool,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio reads the default
    ) -> tuple[Any, ...]:
        person = person_of(request)

        def work() -> tuple[Any, ...]:
            if not _text(path) or not _text(name):
                raise UserError("a folder and a name are needed", remedy="Fill in both fields")
            reading = _reading(services, tags, layout, split, classes, zero, tags_from_masks)
            import_dataset(
                services.stores,
                check_import_place(services.settings, _text(path)),
                _text(name),
                reading=reading,
                options=ImportOptions(
                    _MASK_USES[masks], copy, services.settings.max_image_pixels, _MASK_255[mask_255]
                ),
                progress=with_time_left(progress, "Checking pictures"),
            )
            known = lead_new_dataset(services.database, person, _text(name))
            choice = gr.Dropdown(choices=_names(services, known), value=_text(name))
            return choice, *_report(services, _text(name))

        def failure(why: str) -> tuple[Any, ...]:
            text = f"**Nothing was imported:** {plain(why)}"
            return gr.Dropdown(), text, _review_link(None), gr.Dataframe(visible=False)

        return shown(work, failure)

    return run


def _checker(services: Services) -> Callable[..., tuple[Any, ...]]:
    def run(
        path: str | None,
        name: str | None,
        tags: str | None,
        masks: str,
        layout: str,
        split: str | None,
        classes: str | None,
        mask_255: str,
        zero: str,
        tags_from_masks: bool,
        copy: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio reads the default
    ) -> tuple[Any, ...]:
        def work() -> tuple[Any, ...]:
            if not _text(path):
                raise UserError("a folder is needed", remedy="Fill in the field")
            source = read_for(
                services.stores,
                check_import_place(services.settings, _text(path)),
                _text(name),
                _reading(services, tags, layout, split, classes, zero, tags_from_masks),
            )
            report = check_source(
                source,
                ImportOptions(
                    _MASK_USES[masks], copy, services.settings.max_image_pixels, _MASK_255[mask_255]
                ),
                progress=with_time_left(progress, "Checking pictures"),
            )
            return checking.check_text(report), checking.check_rows(report)

        return shown(
            work,
            lambda why: (f"**The folder cannot be imported:** {plain(why)}", gr.Dataframe(visible=False)),
        )

    return run


def _reading(
    services: Services,
    tags: str | None,
    layout: str,
    split: str | None,
    classes: str | None,
    zero: str,
    tags_from_masks: bool,
) -> ReadOptions:
    return ReadOptions(
        format=layout,
        tags_file=_file(services, tags),
        classes_file=_file(services, classes),
        split=_text(split) or None,
        tags_from_masks=tags_from_masks,
        zero=_ZEROS[zero],
    )


def _text(value: str | None) -> str:
    """Return what was typed; Gradio sends `None` for a field that was never used."""
    return (value or "").strip()


def _file(services: Services, value: str | None) -> Path | None:
    return check_import_path(services.settings, Path(_text(value))) if _text(value) else None


def _opener(services: Services) -> Callable[[gr.Request], tuple[Any, ...]]:
    def opened(request: gr.Request) -> tuple[Any, ...]:
        return _opened(services, dict(request.query_params).get("dataset"), person_of(request))

    return opened


def _opened(services: Services, asked: str | None, person: Person) -> tuple[Any, ...]:
    """What the page shows when it is opened: the datasets that the person leads, and the report of one.

    Args:
        services: The open workspace.
        asked: Id of the dataset, as the address names it; without it, the first one is shown.
        person: Who opens the page.
    """
    names = _names(services, person)
    if not names:
        return (
            gr.Dropdown(choices=[]),
            "There is no dataset yet. Enter a folder of pictures on this page and import it.",
            _review_link(None),
            gr.Dataframe(visible=False),
        )
    with services.database.read() as session:
        by_id = {str(dataset.id): dataset.name for dataset in led_datasets(session, person)}
    if asked is not None and asked not in by_id:
        text = f"There is no dataset {plain(asked)}. It may have been removed. Choose another one."
        choice = gr.Dropdown(choices=names, value=None)
        return choice, text, _review_link(None), gr.Dataframe(visible=False)
    name = names[0] if asked is None else by_id[asked]
    return gr.Dropdown(choices=names, value=name), *_report(services, name)


def _review_link(dataset_id: int | None, root_path: str = "") -> Any:
    """The button that opens the dataset in this tab; a Markdown link would open another tab."""
    if dataset_id is None:
        return gr.Button(visible=False)
    return gr.Button(link=f"{root_path}/?dataset={dataset_id}", visible=True)


def _moved(report: ImportReport) -> str:
    if not report.renamed and not report.missing:
        return ""
    return f"Known pictures: {report.renamed} renamed, {report.missing} missing. "


def _report(services: Services, name: str) -> tuple[Any, ...]:
    with services.database.read() as session:
        dataset = find_dataset(session, name)
        dataset_id = dataset.id if dataset else None
    reports = [] if dataset_id is None else load_reports(services.database, dataset_id)
    if not reports:
        text = f"There is no import report for {plain(name)}."
        return text, _review_link(dataset_id, services.settings.root_path), gr.Dataframe(visible=False)
    newest = reports[0]
    rows = [[one.file, one.severity, one.reason, one.remedy] for one in newest.problems]
    text = (
        f"{newest.found} pictures found in {plain(newest.source)}: "
        f"{newest.added} added, {newest.changed} changed, "
        f"{newest.unchanged} unchanged, {newest.left_out} left out. "
        f"{_moved(newest)}"
        f"Masks: {newest.proposals} as proposals, {newest.ground_truth} as ground truth"
        f"{f', {newest.masks_unread} not imported' if newest.masks_unread else ''}."
    )
    text += f"\n\nProblems: {newest.problem_counts}." if rows else "\n\nNo file had a problem."
    return (
        text,
        _review_link(dataset_id, services.settings.root_path),
        gr.Dataframe(value=rows, visible=bool(rows)),
    )
