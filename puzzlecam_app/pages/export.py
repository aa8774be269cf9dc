"""The Export page: a snapshot of accepted masks in a format that other programs read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from db.datasets import find_dataset
from db.queue import counts_by_status
from db.status import STATUS_GROUPS, STATUSES
from puzzlecam_app.auth import annotator_of
from puzzlecam_app.components.own_module import OwnModule
from puzzlecam_app.interchange.exporting import ExportOptions, ExportReport, export_dataset
from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS, write_format
from puzzlecam_app.interchange.problems import Severity
from puzzlecam_app.pages.asking import led_datasets, person_of
from puzzlecam_app.pages.export_choice import ExportChoice, check_name, chosen
from puzzlecam_app.pages.sentences import counted, plain, shown
from puzzlecam_app.pages.time_left import with_time_left
from puzzlecam_app.services import Services

MODULE = OwnModule("export/main.js", ("export/export.css",))
_EXPORTED = list(STATUS_GROUPS["done"])
_WITH_MASKS = [status for status in STATUSES if status not in ("new", "skipped", "returned")]


def build(services: Services) -> None:
    """Add the page to the Blocks that are being built."""
    with gr.Column(elem_classes="studio-narrow"):
        gr.Markdown(
            "## Export\nWrites pictures, masks and a manifest in the format that you choose. "
            "The export is a snapshot: work on the masks can continue while it runs.",
            elem_classes="studio-heading",
        )
        dataset = gr.Dropdown([], label="Dataset", elem_id="export-dataset")
        preview = gr.Markdown(elem_id="export-preview")
        format = gr.Dropdown(
            [(one.title, one.name) for one in WRITE_FORMATS],
            value=WRITE_FORMATS[0].name,
            label="Format",
            elem_id="export-format",
        )
        limits = gr.Markdown(_limits(WRITE_FORMATS[0].name), elem_id="export-limits")
        statuses = gr.CheckboxGroup(
            _WITH_MASKS, value=_EXPORTED, label="Which pictures", elem_id="export-statuses"
        )
        boundary = gr.Slider(
            0,
            20,
            value=0,
            step=1,
            label="Void boundary in pixels",
            info="Pixels this close to the edge of a class become void (255), as in VOC.",
        )
        choice = ExportChoice(services, dataset, format)
        choice.summarise_when_changed(dataset, statuses)
        start = gr.Button("Export", variant="primary", elem_id="export-start")
        result = gr.Markdown(elem_id="export-result")
        MODULE.component(elem_id="exports", class_name="ex-root", root_path=services.settings.root_path)

    # Answered at once, without Gradio's queue: an export that is started meanwhile is then the only event of
    # its stream.
    dataset.change(
        _previewer(services), dataset, preview, api_visibility="private", show_progress="hidden", queue=False
    )
    format.change(_limits, format, limits, api_visibility="private", show_progress="hidden", queue=False)
    start.click(
        _exporter(services),
        [dataset, format, statuses, boundary, *choice.inputs],
        result,
        show_progress_on=result,
        api_visibility="private",
    )
    gr.on(None, _chooser(services), None, dataset, api_visibility="private", queue=False)


def _chooser(services: Services) -> Callable[[gr.Request], Any]:
    def choices(request: gr.Request) -> Any:
        with services.database.read() as session:
            names = [dataset.name for dataset in led_datasets(session, person_of(request))]
        return gr.Dropdown(choices=names, value=names[0] if names else None)

    return choices


def _limits(format: str) -> str:
    """What the chosen format has no place for."""
    return f"This format cannot carry: {'; '.join(write_format(format).cannot_carry)}."


def _previewer(services: Services) -> Callable[[str | None], str]:
    def preview(name: str | None) -> str:
        with services.database.read() as session:
            dataset = find_dataset(session, name) if name else None
            if dataset is None:
                return "There is no dataset yet. Import one on the Datasets page."
            counts = counts_by_status(session, dataset.id)
        ready = sum(counts[status] for status in _EXPORTED)
        sentence = f"{ready} of {sum(counts.values())} pictures are accepted or corrected."
        return sentence if ready else f"{sentence} Accept some on the Review page, or select other statuses."

    return preview


def _exporter(services: Services) -> Callable[..., str]:
    def run(
        selected: str | None,
        format: str,
        statuses: list[str],
        boundary: float,
        splits: list[str],
        tags: list[str],
        classes: list[list[Any]],
        first: list[str],
        dropped: str,
        offset: float | None,
        zero: str,
        as_polygons: bool,
        as_predictions: bool,
        pictures: str,
        asked: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio reads the default
    ) -> str:
        def work() -> str:
            name = check_name(selected, statuses)
            wanted = chosen(
                splits, tags, classes, first, dropped, offset, zero, as_polygons, as_predictions, pictures
            )
            out = services.exports.new_folder(name)
            report = export_dataset(
                services.database,
                services.masks,
                name,
                out,
                ExportOptions(
                    statuses=tuple(statuses),
                    void_boundary_px=int(boundary),
                    pictures=wanted.pictures,
                    max_pixels=services.settings.max_image_pixels,
                    by=annotator_of(asked.request) if asked.request else None,
                    splits=wanted.splits,
                    with_tags=wanted.with_tags,
                    classes=wanted.classes,
                    zero=wanted.zero,
                    as_polygons=wanted.as_polygons,
                    as_predictions=wanted.as_predictions,
                ),
                format=format,
                progress=with_time_left(progress, "Exporting"),
            )
            with services.database.read() as session:
                dataset = find_dataset(session, name)
            if dataset is not None:
                services.exports.pack(dataset.id, out.name)
            text = f"**{counted(report.exported, 'picture')} exported** to `{report.out}`."
            if report.lost:
                text += "\n\nNot in the export: " + plain("; ".join(report.lost)) + "."
            if report.left_out:
                text += f"\n\n{report.left_out} could not be exported: {_reasons(report, 'error')}"
            missing = sum(one.severity == "warning" for one in report.problems)
            if missing:
                text += f"\n\n{missing} missing: {_reasons(report, 'warning')}"
            return text

        return shown(work, lambda why: f"**Nothing was exported:** {plain(why)}")

    return run


def _reasons(report: ExportReport, severity: Severity) -> str:
    return plain(
        "; ".join(f"{one.file}: {one.reason}" for one in report.problems if one.severity == severity)
    )
