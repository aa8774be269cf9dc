"""How long a labeler's save takes while a run trains and writes, as docs/benchmarks.md reports it.

    python -m tests.browser.bench_saves [--saves N] [--json]

Starts a studio on a workspace of its own, saves drafts of 500 x 375 pictures through its routes, first with
nothing else going on, then while a real run trains on the same pictures, logs every step and writes a
checkpoint at every second one. Timings depend on the machine; nothing is asserted.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import time
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from tests.browser.bench_tools import bench_studio, parser_of
from tests.browser.studio.conftest import Studio, photographs

WIDTH, HEIGHT = 500, 375
PICTURES = 12
BETWEEN_S = 0.05


def _call(
    studio: Studio, path: str, *, method: str = "GET", data: bytes | None = None, **headers: str
) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{studio.url}/api{path}", data=data, method=method, headers=names)
    with urllib.request.urlopen(request, timeout=120) as answer:
        body = answer.read()
        return json.loads(body) if answer.headers["content-type"] == "application/json" else body


def _save(studio: Studio, item: int, width: int, revision: int, rng: random.Random) -> tuple[float, int]:
    """Seconds of one save, and the new revision."""
    mask = np.zeros((HEIGHT, width), np.uint8)
    top, left = rng.randrange(HEIGHT - 100), rng.randrange(width - 100)
    mask[top : top + 100, left : left + 100] = 1
    body = zlib.compress(mask.tobytes(), 1)
    started = time.perf_counter()
    answer = _call(
        studio,
        f"/items/{item}/mask?seconds_spent=1",
        method="PUT",
        data=body,
        Content_Type="application/octet-stream",
        Content_Encoding="deflate",
        If_Match=f'"{revision}"',
    )
    return time.perf_counter() - started, int(answer["revision"]["id"])


def _saves(
    studio: Studio, items: list[tuple[int, int]], revisions: dict[int, int], count: int
) -> list[float]:
    rng, seconds = random.Random(0), []
    for number in range(count):
        item, width = items[number % len(items)]
        taken, revisions[item] = _save(studio, item, width, revisions.get(item, 0), rng)
        seconds.append(taken)
        time.sleep(BETWEEN_S)
    return seconds


def _figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "saves": len(ordered),
        "median_ms": round(1000 * statistics.median(ordered), 1),
        "p99_ms": round(1000 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 1),
        "most_ms": round(1000 * ordered[-1], 1),
    }


def _wait_until_training(studio: Studio) -> None:
    while True:
        stages = _call(studio, "/runs/1")["run"]["progress"]["stages"]
        if stages[0]["status"] == "running" and stages[0]["done"] > 1:
            return
        time.sleep(1)


def measure(studio: Studio, saves: int) -> dict[str, Any]:
    """Save alone, then while a run trains."""
    listed = _call(studio, "/datasets/2/items?limit=500")["items"]
    items = [(row["id"], row["width"]) for row in listed]
    revisions: dict[int, int] = {}
    while not _call(studio, "/health")["model_loaded"]:
        time.sleep(0.5)
    _saves(studio, items, revisions, len(items))  # everything loaded once
    result: dict[str, Any] = {"load_before": os.getloadavg()[0], "cores": os.cpu_count()}
    result["alone"] = _figures(_saves(studio, items, revisions, saves))
    wanted = {
        "dataset_id": 2,
        "recipe": "tiny",
        "settings": {"classify.epochs": 100_000, "classify.checkpoint_every_steps": 2},
    }
    _call(studio, "/runs", method="POST", data=json.dumps(wanted).encode(), Content_Type="application/json")
    _wait_until_training(studio)
    before = _call(studio, "/runs/1")["run"]["progress"]["stages"][0]["done"]
    started = time.monotonic()
    result["while a run trains"] = _figures(_saves(studio, items, revisions, saves))
    result["steps_meanwhile"] = _call(studio, "/runs/1")["run"]["progress"]["stages"][0]["done"] - before
    result["seconds_meanwhile"] = round(time.monotonic() - started, 1)
    result["load_after"] = os.getloadavg()[0]
    _call(studio, "/runs/1/stop", method="POST", data=b"")
    _call(studio, "/runs/1/stop", method="POST", data=b"")
    while _call(studio, "/runs")["is_busy"]:
        time.sleep(0.5)
    return result


def _pictures(folder: Path) -> None:
    photographs(folder, [(f"p{number:02}", WIDTH - number, HEIGHT) for number in range(PICTURES)])


def main() -> None:
    """Run the measurement and print it."""
    parser = parser_of(__doc__)
    parser.add_argument("--saves", type=int, default=300, help="how many saves each time")
    arguments = parser.parse_args()
    with bench_studio(_pictures, with_setup=True) as studio:
        result = measure(studio, arguments.saves)
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    for name, value in result.items():
        print(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
