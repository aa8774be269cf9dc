"""Figures of simulated corrections: IoU by number of clicks, clicks to a target, seconds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

TARGETS = (0.80, 0.85, 0.90)
SHOWN_CLICKS = (0, 1, 2, 3, 5, 10, 20)

SECONDS_PER_CLICK = 2.4
"""Time of the first point on an object (Bearman et al., ECCV 2016, section 4)."""
SECONDS_POINTS = 22.0
SECONDS_POLYGON = 79.0
SECONDS_FULL_MASK = 240.0
"""A pass of points over a picture, an object outlined by hand, a picture's full mask (the same, and COCO)."""


@dataclass(frozen=True)
class Session:
    """One picture corrected by one engine.

    Attributes:
        identifier: id of the picture.
        ious: IoU by class index after 0, 1, 2 ... clicks; shorter if the mask became right earlier.
        latencies_s: seconds from each click to its mask.
        start_s: seconds of the engine's preparation.
        neighbours_taken: for each click, see `trainer.studies.simulate.annotator.neighbours_taken`.
    """

    identifier: str
    ious: tuple[Mapping[int, float], ...]
    latencies_s: tuple[float, ...]
    start_s: float
    neighbours_taken: tuple[int, ...] = ()

    def curve(self, max_clicks: int) -> list[float]:
        """Return the mean IoU over the picture's classes and background after 0 .. max_clicks clicks."""
        means = [statistics.fmean(by_class.values()) for by_class in self.ious]
        return means + [means[-1]] * (max_clicks + 1 - len(means))

    def object_curves(self, max_clicks: int) -> list[list[float]]:
        """Return the IoU curve of each class except background, over the clicks of the whole picture."""
        labels = [label for label in self.ious[0] if label]
        last = self.ious[-1]
        filled = [*self.ious, *[last] * (max_clicks + 1 - len(self.ious))]
        return [[by_class[label] for by_class in filled] for label in labels]


def figures(sessions: Sequence[Session], max_clicks: int) -> dict[str, Any]:
    """Return means over pictures as JSON values.

    Returns:
        "miou_after" {clicks: mean IoU}; "area", the mean height of that curve from 0 to max_clicks;
        "clicks_to" {"80": {"clicks", "never"}} with `max_clicks` for pictures that never get there, and their
        share; "objects", the same for each class of each picture; "latency_ms" {"median", "p95"}; "start_ms";
        "seconds_to_85", see `estimated_seconds`; "neighbours_taken" {"count", "clicks"}: how often a class
        lost more than 2 % of its right pixels to a click that did not contradict it, and of how many clicks.
    """
    curves = [session.curve(max_clicks) for session in sessions]
    objects = [curve for session in sessions for curve in session.object_curves(max_clicks)]
    mean = np.mean(curves, axis=0)
    latencies = [1000.0 * value for session in sessions for value in session.latencies_s]
    return {
        "pictures": len(sessions),
        "objects_counted": len(objects),
        "miou_after": {str(n): round(float(mean[n]), 4) for n in SHOWN_CLICKS if n <= max_clicks},
        "area": round(float(np.trapezoid(mean) / max_clicks), 4),
        "clicks_to": _by_target(curves, max_clicks),
        "objects": _by_target(objects, max_clicks),
        "latency_ms": {
            "median": round(float(np.median(latencies)), 1) if latencies else None,
            "p95": round(float(np.percentile(latencies, 95)), 1) if latencies else None,
        },
        "start_ms": round(1000.0 * statistics.fmean(session.start_s for session in sessions), 1),
        "neighbours_taken": {
            "count": sum(sum(session.neighbours_taken) for session in sessions),
            "clicks": len(latencies),
        },
        "seconds_to_85": round(
            statistics.fmean(estimated_seconds(session, max_clicks) for session in sessions), 1
        ),
    }


def clicks_to(curve: Sequence[float], target: float) -> int | None:
    """Return the first number of clicks at which a curve reaches a target, or None if it never does."""
    return next((clicks for clicks, value in enumerate(curve) if value >= target), None)


def estimated_seconds(session: Session, max_clicks: int) -> float:
    """Estimate the seconds that a person would need to reach 85 % with this engine.

    Clicks at `SECONDS_PER_CLICK` and the waiting for each; where they do not get there, a polygon for each
    object on top. This is an estimate, not a measurement of people.
    """
    needed = clicks_to(session.curve(max_clicks), 0.85)
    clicks = len(session.latencies_s) if needed is None else needed
    seconds = clicks * SECONDS_PER_CLICK + sum(session.latencies_s[:clicks])
    objects = sum(1 for label in session.ious[0] if label)
    return seconds if needed is not None else seconds + SECONDS_POLYGON * objects


def _by_target(curves: Sequence[Sequence[float]], max_clicks: int) -> dict[str, Any]:
    result = {}
    for target in TARGETS:
        needed = [clicks_to(curve, target) for curve in curves]
        capped = [max_clicks if value is None else value for value in needed]
        result[f"{target:.0%}".rstrip("%")] = {
            "clicks": round(statistics.fmean(capped), 2) if capped else None,
            "never": round(needed.count(None) / len(needed), 4) if needed else None,
        }
    return result


def table(result: Mapping[str, Any]) -> str:
    """Return the result of `simulate` as a Markdown table with a line that explains it."""
    engines = result["engines"]
    after = list(next(iter(engines.values()))["miou_after"])
    clicks = (
        f"clicks jittered by {result['jitter']:g}, seeds {', '.join(map(str, result['seeds']))}"
        if result["jitter"]
        else "clicks into the middle of the largest mistake"
    )
    lines = [
        f"{result['pictures']} pictures of {result['split']}, from {result['start']} masks, {clicks}; mean "
        f"IoU in percent after clicks, mean clicks to a mean IoU (cap {result['max_clicks']}; share that "
        f"never gets there), estimated seconds a picture to 85 (full mask: {SECONDS_FULL_MASK:g} s), and how "
        "often a class lost more than 2 % of its right pixels to a click that did not contradict it.",
        "",
        f"| engine | {' | '.join(after)} | area | to 80 | to 85 | to 90 | ms, median, p95 | seconds | "
        "classes that lost |",
        f"|---|{'---|' * (len(after) + 7)}",
    ]
    for name, one in engines.items():
        spread = one.get("spread", {}).get("miou_after", {})
        values = [
            f"{100 * one['miou_after'][n]:.1f}" + (f" ± {100 * spread[n]:.1f}" if spread else "")
            for n in after
        ]
        needed = [f"{by['clicks']:.1f} ({by['never']:.0%})" for by in one["clicks_to"].values()]
        latency = one["latency_ms"]
        waits = "–" if latency["median"] is None else f"{latency['median']:.0f}, {latency['p95']:.0f}"
        cells = [name, *values, f"{100 * one['area']:.1f}", *needed, waits, f"{one['seconds_to_85']:.0f}"]
        cells.append(f"{one['neighbours_taken']['count']} of {one['neighbours_taken']['clicks']} clicks")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
