"""What the Datasets page says about a folder that is only checked: what would come in, and what would not."""

from __future__ import annotations

from typing import Any

import gradio as gr

from puzzlecam_app.interchange.dry_run import CheckedClass, CheckReport
from puzzlecam_app.pages.sentences import counted, plain

_MOST_CLASSES = 60


def check_text(report: CheckReport) -> str:
    """The report in Markdown."""
    splits = ", ".join(f"{count:,} {plain(split)}" for split, count in sorted(report.splits.items()))
    text = (
        f"**Checked; nothing was imported.** Read as {plain(report.layout)}: {plain(report.recognised)}.\n\n"
        f"{report.usable:,} of {counted(report.found, 'picture')} and {report.masks_usable:,} of "
        f"{counted(report.masks_found, 'mask')} can be imported, with {counted(report.objects, 'object')}. "
        f"Splits: {splits or 'none'}."
    )
    if report.classes:
        text += "\n\n| Index | Class | Color | Tagged | In masks |\n| --- | --- | --- | --- | --- |\n"
        text += "\n".join(_row(one) for one in report.classes[:_MOST_CLASSES])
    if len(report.classes) > _MOST_CLASSES:
        text += f"\n\nThere are {len(report.classes) - _MOST_CLASSES} more classes."
    return text if report.problems else f"{text}\n\nNo file has a problem."


def check_rows(report: CheckReport) -> Any:
    """The table of problems."""
    rows = [[one.file, one.severity, one.reason, one.remedy] for one in report.problems]
    return gr.Dataframe(value=rows, visible=bool(rows))


def _row(one: CheckedClass) -> str:
    return f"| {one.index} | {plain(one.name)} | {plain(one.color)} | {one.tagged:,} | {one.in_masks:,} |"
