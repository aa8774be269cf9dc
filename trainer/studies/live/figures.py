"""The result of `trainer.studies.live.study` as tables of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def live_table(result: Mapping[str, Any]) -> str:
    """The result as Markdown: a row for each order and point, then the IoU of each class by point."""
    has_clicks = result["clicks"]
    columns = ["proposals", "order", "corrected", "maps", "masks", "gain"]
    if has_clicks:
        columns += ["clicks a picture", "painted", "seconds a picture", "IoU before clicks"]
    lines = [_introduction(result), "", _line(columns), f"|{'---|' * len(columns)}"]
    at_zero: dict[tuple[bool, str], float] = {}
    for row in result["rows"]:
        start = at_zero.setdefault((row["learns"], row["order"]), row["miou"])
        cells = [
            "live model" if row["learns"] else "no learning",
            row["order"],
            str(row["corrected"]),
            _value(row["maps_miou"], row["maps_miou_spread"]),
            _value(row["miou"], row["miou_spread"]),
            f"{row['miou'] - start:+.2f}",
        ]
        if has_clicks:
            cells += _clicks(row)
        lines.append(_line(cells))
    for order in result["orders"]:
        lines += ["", *_class_table(order, [row for row in result["rows"] if _is_learned(row, order)])]
    return "\n".join(lines) + "\n"


def _is_learned(row: Mapping[str, Any], order: str) -> bool:
    return bool(row["learns"]) and row["order"] == order


def _introduction(result: Mapping[str, Any]) -> str:
    start = "zero-shot" if result["model"] == "zero-shot" else f"the run {result['model']}"
    words = "" if result["words"] else ", with the names of all classes taken away"
    features = ", and the features those of its classifier" if result["features"] == "run" else ""
    crf = "after the CRF and without small pieces" if result["crf"] else "without a CRF"
    text = (
        f"Mean IoU in percent over {len(result['untouched'])} untouched pictures of {result['split']}, after "
        f"the annotator has corrected some of {result['correctable']} others. The maps at the start are "
        f"those of {start}{words}{features}. Maps: at the threshold; masks: {crf}. Random order: mean ± "
        f"sample deviation over seeds {', '.join(map(str, result['seeds']))}. "
    )
    if not result["clicks"]:
        return f"{text}Each correction is the ground truth; clicks were not simulated."
    seconds = result["seconds"]
    return (
        f"{text}The annotator clicks until a mean IoU of {100 * result['target']:g} over the picture's "
        f"classes and paints the mask by hand after {result['max_clicks']} clicks. Clicks, share painted, "
        f"seconds and IoU are means over the pictures corrected since the row above. Seconds are estimated: "
        f"{seconds['click']:g} for a click, {seconds['polygon']:g} for an object painted by hand."
    )


def _clicks(row: Mapping[str, Any]) -> list[str]:
    if "clicks_per_picture" not in row:
        return ["–"] * 4
    return [
        f"{row['clicks_per_picture']:.2f}",
        f"{row['painted']:.0%}",
        f"{row['seconds_per_picture']:.1f}",
        f"{row['proposal_miou']:.1f}",
    ]


def _class_table(order: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """IoU by class: a line for each class, a column for each point."""
    lines = [
        f"IoU of each class with the live model, order {order}:",
        "",
        _line(["class", *(str(row["corrected"]) for row in rows)]),
        f"|{'---|' * (len(rows) + 1)}",
    ]
    for name in rows[0]["per_class"] if rows else ():
        values = [row["per_class"][name] for row in rows]
        if any(value is not None for value in values):
            lines.append(_line([name, *("–" if value is None else f"{value:.1f}" for value in values)]))
    return lines


def _value(mean: float, spread: float | None) -> str:
    return f"{mean:.2f}" if spread is None else f"{mean:.2f} ± {spread:.2f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
