"""report.html: one self-contained page about a run, with figures, curves and examples of each stage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from trainer.assets import asset_path
from trainer.contract import EventKind, not_done
from trainer.machine.durable_write import write_atomic
from trainer.reports.charts import Series, line_chart
from trainer.reports.examples import Strip, example_strips
from trainer.run.directory import DatasetRecord, Manifest, RunDir
from trainer.run.events import Event, read_events


def write_report(run_dir: Path | str) -> Path:
    """Write report.html into the directory of a finished or unfinished run.

    Returns:
        The file.

    Raises:
        RunDirError: the folder is not a run directory, or is of another version.
    """
    directory = RunDir(run_dir)
    manifest = directory.manifest()
    metrics = {}
    if directory.metrics_path.is_file():
        metrics = json.loads(directory.metrics_path.read_text(encoding="utf-8"))
    events = list(read_events(directory.events_path))
    sections = [
        _header(manifest),
        _figures(metrics),
        _curves(events),
        _alarms(events),
        _per_class(metrics),
        _examples(example_strips(directory, manifest)),
        _stages(manifest),
        _skipped(manifest.dataset),
        _recipe(manifest),
    ]
    path = directory.path / "report.html"
    write_atomic(path, _page(str(manifest.recipe["name"]), "".join(sections)).encode())
    return path


def _page(name: str, body: str) -> str:
    style = asset_path("report/report.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Run "
        f"{escape(name)}</title><style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def _header(manifest: Manifest) -> str:
    dataset = manifest.dataset
    pictures = dataset.pictures - len(dataset.skipped or {})
    accepted = f"; {dataset.accepted} pictures have an accepted mask" if dataset.accepted else ""
    return (
        f"<h1>{escape(str(manifest.recipe['name']))}</h1>"
        f'<p class="lead">{escape(str(manifest.recipe["description"]))}</p>'
        f"<p>{pictures} pictures of split {escape(dataset.split)} in {escape(dataset.root)}, "
        f"{len(dataset.class_names)} classes{accepted}; started {escape(manifest.created)}.</p>"
    )


def _figures(metrics: dict[str, Any]) -> str:
    rows = metrics.get("rows", [])
    note = f'<p class="note">{escape(metrics["note"])}</p>' if metrics else ""
    if not rows:
        return f"<h2>Mean IoU</h2>{note or '<p>The run has not been evaluated.</p>'}"
    body = [
        (row["title"], row["split"], str(row["pictures"]), _percent(row["honest"]), _percent(row["oracle"]))
        for row in rows
    ]
    table = _table(("output", "split", "pictures", "honest", "oracle"), body)
    return f"<h2>Mean IoU in percent</h2>{note}{table}"


def _percent(score: dict[str, Any] | None) -> str:
    if score is None or score["miou"] is None:
        return "–"
    threshold = f" at {score['threshold']:.2f}" if score["threshold"] is not None else ""
    return f"{100 * score['miou']:.2f}{threshold}"


def _curves(events: Sequence[Event]) -> str:
    charts = []
    for stage in dict.fromkeys(event["stage"] for event in events if event["kind"] == EventKind.STEP):
        steps = _last_attempt([e for e in events if e["kind"] == EventKind.STEP and e["stage"] == stage])
        names = dict.fromkeys(name for event in steps for name in event["losses"])
        series = [
            Series(
                name,
                tuple((e["step"], e["losses"][name]) for e in steps if e["losses"].get(name) is not None),
            )
            for name in names
        ]
        charts.append(f"<figure>{line_chart(series, title=f'Losses of {stage}', x_label='step')}</figure>")
    return f'<h2>Training</h2><div class="charts">{"".join(charts)}</div>' if charts else ""


def _last_attempt(steps: Sequence[Event]) -> list[Event]:
    """Each step once, from the last attempt: a resumed training repeats the steps after its checkpoint."""
    kept = {event["step"]: event for event in steps}
    last = steps[-1]["step"]
    return [kept[step] for step in sorted(kept) if step <= last]


def _alarms(events: Sequence[Event]) -> str:
    alarms = [event for event in events if event["kind"] in (EventKind.ALARM, EventKind.RUN_FAILED)]
    if not alarms:
        return ""
    items = "".join(f"<li>{escape(event['time'])} {escape(str(event['message']))}</li>" for event in alarms)
    return f'<h2>Alarms</h2><ul class="alarms">{items}</ul>'


def _per_class(metrics: dict[str, Any]) -> str:
    rows = metrics.get("rows", [])
    if not rows:
        return ""
    head = "".join(f"<th>{escape(row['title'])}</th>" for row in rows)
    body = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(_bar_cell(row["honest"]["per_class"][number]) for row in rows)
        + "</tr>"
        for number, name in enumerate(metrics["classes"])
    )
    return (
        f'<h2>Honest IoU by class, in percent</h2><div class="scroll"><table>'
        f"<thead><tr><th>class</th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _bar_cell(value: float | None) -> str:
    if value is None:
        return '<td class="absent">absent</td>'
    share = 100 * value
    return f'<td><span class="bar"><i style="width:{share:.0f}%"></i></span>{share:.1f}</td>'


def _examples(strips: Iterator[Strip]) -> str:
    parts = []
    for strip in strips:
        figures = "".join(
            f'<figure><img src="{picture.data_url}" alt="{escape(picture.caption)}">'
            f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
            for picture in strip.pictures
        )
        parts.append(f'<div class="strip">{figures}</div>')
    return f"<h2>Examples</h2>{''.join(parts)}" if parts else ""


def _stages(manifest: Manifest) -> str:
    rows = []
    for name, record in manifest.stages.items():
        seconds = record.summary.get("seconds")
        reasons = not_done(record.summary)
        skipped = f"skipped: {reasons['skipped']}" if "skipped" in reasons else record.status
        status = f"{skipped}. {reasons['left_out']}" if "left_out" in reasons else skipped
        rows.append((name, status, "–" if seconds is None else f"{seconds:.1f}", record.key))
    return f"<h2>Stages</h2>{_table(('stage', 'status', 'seconds', 'key'), rows)}" if rows else ""


def _skipped(dataset: DatasetRecord) -> str:
    if not dataset.skipped:
        return ""
    items = "".join(f"<li>{escape(reason)}</li>" for reason in dataset.skipped.values())
    return f"<h2>Pictures left out</h2><ul>{items}</ul>"


def _recipe(manifest: Manifest) -> str:
    text = json.dumps(manifest.recipe, indent=2, ensure_ascii=False)
    return f"<details><summary>Recipe</summary><pre>{escape(text)}</pre></details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
