"""The part of the Datasets page that finds the pictures of a moved folder again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.import_roots import check_import_place
from puzzlecam_app.interchange.relocation import RelocateReport, relocate_dataset
from puzzlecam_app.pages.asking import person_of
from puzzlecam_app.pages.sentences import plain, shown
from puzzlecam_app.people.person import Person
from puzzlecam_app.services import Services

_MISSING_SHOWN = 20
Refresh = Callable[[str, Person], Sequence[Any]]


def build(services: Services, dataset: gr.Dropdown) -> Callable[[Refresh, Sequence[Any]], None]:
    """Add the part for the dataset that `dataset` selects.

    Returns:
        A function to call with what refreshes the rest of the page, given the name of the dataset and
        who asks, and the components that it refreshes.
    """
    with gr.Accordion("Moved folder", open=False, elem_id="moved-folder"):
        path = gr.Textbox(
            label="Folder that the pictures of this dataset are in now",
            info="They are found by their content; their names may differ.",
            elem_id="moved-path",
        )
        partial = gr.Checkbox(label="Relocate the dataset although some pictures are missing", value=False)
        start = gr.Button("Find pictures", elem_id="moved-start")
        result = gr.Markdown(elem_id="moved-result")

    def connect(refresh: Refresh, outputs: Sequence[Any]) -> None:
        def run(
            name: str | None,
            folder: str | None,
            partial: bool,
            request: gr.Request,
            progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio reads the default
        ) -> tuple[Any, ...]:
            text = relocated(services, name, folder, partial, progress)
            return text, *(refresh(name, person_of(request)) if name else [gr.skip()] * len(outputs))

        start.click(
            run,
            [dataset, path, partial],
            [result, *outputs],
            show_progress_on=result,
            api_visibility="private",
        )

    return connect


def relocated(
    services: Services, name: str | None, folder: str | None, partial: bool, progress: gr.Progress
) -> str:
    """Relocate a dataset to what was typed, and return what happened as Markdown."""

    def work() -> str:
        typed = (folder or "").strip()
        if not name:
            raise UserError("no dataset is selected", remedy="Select one above")
        if not typed:
            raise UserError("a folder is needed", remedy="Enter the folder that the pictures are in now")
        report = relocate_dataset(
            services.database,
            name,
            check_import_place(services.settings, typed),
            partial=partial,
            progress=lambda done, total: progress((done, total), desc="Reading pictures"),
        )
        return _in_words(report)

    return shown(work, lambda why: f"**Nothing was changed:** {plain(why)}")


def _in_words(report: RelocateReport) -> str:
    text = f"**{report.found} of {report.pictures} pictures found** in {plain(report.root)}"
    text += f", {report.renamed} of them under another name." if report.renamed else "."
    if not report.missing:
        return text
    names = ", ".join(report.missing[:_MISSING_SHOWN])
    more = len(report.missing) - _MISSING_SHOWN
    text += f"\n\nMissing: {plain(names)}{f' and {more} more' if more > 0 else ''}."
    if report.relocated:
        return f"{text} Import the dataset again when they are back."
    return f"{text}\n\n**Nothing was changed.** Put them there, or tick the box to relocate without them."
