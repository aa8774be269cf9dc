"""From click to mask with the Smart tool in a real Chromium, as docs/benchmarks.md reports it.

    python -m tests.browser.bench_smart [--clicks N] [--json]

Starts a studio on a workspace of its own. `wall` is from the press of the button until the change is there;
`engine` is what the studio says it took; `CPU` is the studio's processor time a click, which says more than
the clock on a busy machine. Nothing is asserted.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Response

from tests.browser.bench_tools import DATASET, bench_page, bench_studio, parser_of, print_ms
from tests.browser.studio.conftest import Review, Studio

SIZES = {"small": (500, 375), "large": (4000, 3000)}
MAGNITUDE = 1000


def _pictures(folder: Path) -> None:
    from skimage import data

    folder.mkdir()
    for name, size in SIZES.items():
        Image.fromarray(data.astronaut()).resize(size, Image.Resampling.BICUBIC).save(folder / f"{name}.jpg")
    (folder / "tags.csv").write_text("image,tags\n" + "".join(f"{name}.jpg,person\n" for name in SIZES))


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _clicks(page: Page, review: Review, studio: Studio, name: str, count: int) -> dict[str, float]:
    """Milliseconds, by what was measured."""
    assert studio.process is not None
    width, height = SIZES[name]
    page.goto(studio.url)
    review.open(DATASET, name)
    page.wait_for_function("() => puzzlecamReview.heatPanel.maps", timeout=300_000)
    page.keyboard.press("k")
    page.wait_for_timeout(8000)  # made ready meanwhile, and what comes next is computed
    engine: list[float] = []

    def note(response: Response) -> None:
        if response.url.endswith("/refine") and response.ok:
            engine.append(float(response.headers["server-timing"].rpartition("=")[2]))

    page.on("response", note)
    places = np.random.default_rng(0).uniform(0.1, 0.9, (count, 2))
    walls, cpu_s = [], _cpu_s(studio.process.pid)
    for number, (x, y) in enumerate(places):
        button = "left" if number % 2 else "right"
        start = time.perf_counter()
        page.mouse.click(*review.to_screen(x * width, y * height), button=button)
        page.wait_for_function("() => !puzzlecamReview.editor.isRefining", polling="raf", timeout=120_000)
        walls.append((time.perf_counter() - start) * MAGNITUDE)
    cpu_s = _cpu_s(studio.process.pid) - cpu_s
    page.remove_listener("response", note)
    label = f"{width}x{height}"
    return {
        f"{label} first click, wall": walls[0],
        f"{label} wall, median": statistics.median(walls[1:]),
        f"{label} wall, p95": float(np.quantile(walls[1:], 0.95)),
        f"{label} engine, median": statistics.median(engine[1:]),
        f"{label} engine, p95": float(np.quantile(engine[1:], 0.95)),
        f"{label} CPU a click": cpu_s * MAGNITUDE / count,
    }


def main() -> None:
    """Run the measurement and print it."""
    parser = parser_of(__doc__)
    parser.add_argument("--clicks", type=int, default=20, help="a picture")
    arguments = parser.parse_args()
    seen: dict[str, float] = {}
    with bench_studio(_pictures) as studio, bench_page() as page:
        for name in SIZES:
            seen |= _clicks(page, Review(page, studio), studio, name, arguments.clicks)
    print_ms(seen, as_json=arguments.json)
    if not arguments.json:
        print(f"load of the machine, last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
