"""The result of `trainer.studies.teaching.study` as a table and a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainer.reports.charts import Series, line_chart
from trainer.studies.teaching.plan import RANDOM


def teaching_table(result: Mapping[str, Any]) -> str:
    """Return the result as Markdown: a row for each order and point, then a comparison of the orders."""
    rest = sorted(set(result["rest"]))
    lines = [
        f"Recipe {result['recipe']} on {result['split']}: mean IoU in percent of the pseudo-labels of the "
        f"{' or '.join(map(str, rest))} pictures that nobody corrected at any point, over seeds "
        f"{', '.join(map(str, result['seeds']))} (mean ± sample deviation). Corrected by a simulated "
        f"annotator until a mean IoU of {100 * result['target']:g} over the picture's classes; painted by "
        f"hand after {result['max_clicks']} clicks. Hours are estimated.",
        "",
        "| order | corrected | mean IoU of the rest | gain | corrected masks, before and after | clicks | "
        "painted | hours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for order, points in result["curves"].items():
        for point in points:
            gain = point["mean"] - points[0]["mean"]
            masks = "–" if point["before"] is None else f"{point['before']:.1f}, {point['after']:.1f}"
            lines.append(
                f"| {order} | {point['corrected']} | {point['mean']:.2f} ± {point['spread']:.2f} | "
                f"{gain:+.2f} | {masks} | {point['clicks']:.0f} | {point['painted']:.0f} | "
                f"{point['hours']:.2f} |"
            )
    return "\n".join([*lines, "", *_comparisons(result), *_signals(result)]) + "\n"


def teaching_plot(result: Mapping[str, Any]) -> str:
    """Return the curves as an SVG line chart."""
    series = [
        Series(order, tuple((float(point["corrected"]), point["mean"]) for point in points))
        for order, points in result["curves"].items()
    ]
    return line_chart(series, title="Mean IoU of untouched pictures, percent", x_label="corrected pictures")


def corrections_to(points: Sequence[Mapping[str, Any]], miou: float) -> float | None:
    """Return the number of corrections at which a curve reaches a mean IoU, interpolated between points.

    Args:
        points: points of one order, with "corrected" (ascending) and "mean".
        miou: mean IoU in percent.

    Returns:
        None where the curve never gets there.

    >>> corrections_to([{"corrected": 0, "mean": 50.0}, {"corrected": 100, "mean": 60.0}], 54.0)
    40.0
    """
    for position, point in enumerate(points):
        if point["mean"] >= miou:
            if position == 0:
                return float(point["corrected"])
            before = points[position - 1]
            share = (miou - before["mean"]) / (point["mean"] - before["mean"])
            return float(before["corrected"] + share * (point["corrected"] - before["corrected"]))
    return None


def _comparisons(result: Mapping[str, Any]) -> list[str]:
    """Return sentences: how many corrections each other order needs to reach what random order reaches."""
    curves = result["curves"]
    if RANDOM not in curves:
        return []
    best = max(curves[RANDOM], key=lambda point: float(point["mean"]))
    if best["corrected"] == 0:
        return ["Corrections in random order raised nothing, so orders cannot be compared by it."]
    reached = f"the {best['mean']:.2f} of {best['corrected']} corrections in random order"
    lines = []
    for order, points in curves.items():
        if order != RANDOM:
            needed = corrections_to(points, best["mean"])
            lines.append(
                f"Order {order} never reaches {reached}."
                if needed is None
                else f"Order {order} reaches {reached} after {needed:.0f}, "
                f"{needed / best['corrected']:.0%} of them (between points on a line)."
            )
    return lines


def _signals(result: Mapping[str, Any]) -> list[str]:
    """Return a sentence with the rank correlation of each signal with the error of the first masks."""
    told = [
        f"{name} " + ", ".join("–" if one[name] is None else f"{one[name]:.2f}" for one in result["signals"])
        for name in result["signals"][0]
    ]
    return [f"Rank correlation of doubt with one minus IoU before any correction: {'; '.join(told)}."]
