"""Latencies of the Review page in a real Chromium, as docs/benchmarks.md reports them.

    python -m tests.browser.bench_review [--json]

Starts a studio on a workspace of its own with a photograph at two sizes. Timings are medians over some rounds
and depend on the machine; nothing is asserted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser.bench_tools import bench_page, bench_studio, parser_of, print_ms
from tests.browser.studio.conftest import Review, Studio

ROUNDS = 5
SMALL = (500, 375)
LARGE = (4000, 3000)


def _pictures(folder: Path) -> None:
    from skimage import data

    folder.mkdir()
    source = Image.fromarray(data.astronaut())
    names = [f"{number:02d}-small" for number in range(ROUNDS + 3)] + ["90-large"]
    for position, name in enumerate(names):
        size = LARGE if name.endswith("large") else SMALL
        picture = source.resize(size, Image.Resampling.BICUBIC)
        picture.putpixel((position, 0), (position, 0, 0))  # no two files are equal
        picture.save(folder / f"{name}.jpg", quality=92)
    (folder / "tags.csv").write_text("image,tags\n" + "".join(f"{name}.jpg,person\n" for name in names))


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _script_ms(page: Page, work: Callable[[], int]) -> float:
    """Milliseconds of script per step of `work`, which returns its number of steps."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def script_s() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "ScriptDuration"))

    before = script_s()
    steps = work()
    return (script_s() - before) * 1000 / steps


def _stroke(review: Review, width: int, height: int) -> int:
    steps = 30
    mouse = review.page.mouse
    mouse.move(*review.to_screen(width * 0.2, height * 0.3))
    mouse.down()
    mouse.move(*review.to_screen(width * 0.8, height * 0.6), steps=steps)
    mouse.up()
    return steps


def _wait_heat(page: Page) -> None:
    page.wait_for_function("() => window.puzzlecamReview?.heatPanel.maps", timeout=120_000)


def measure(page: Page, studio: Studio) -> dict[str, float]:
    """Drive the page and return milliseconds by what was measured."""
    review = Review(page, studio)
    seen: dict[str, float] = {}
    seen["first heatmap, cold studio"] = _ms(lambda: (page.goto(studio.url), _wait_heat(page)))
    page.wait_for_timeout(8000)  # the next pictures are computed ahead
    seen["same page again, warm"] = _ms(lambda: (page.reload(), _wait_heat(page)))
    page.wait_for_timeout(3000)

    next_picture = """async () => {
        const review = window.puzzlecamReview;
        const start = performance.now();
        await review.step(1);
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        return performance.now() - start;
    }"""
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(page.evaluate(next_picture))
        page.wait_for_timeout(2500)
    seen["open the next picture, 500x375"] = statistics.median(rounds)

    seen |= _painting(review, SMALL)
    seen["open 4000x3000, first time"] = _open_large(review)
    page.wait_for_timeout(3000)
    seen |= _painting(review, LARGE)
    page.locator(".pr-queue-item").first.click()
    review.wait_for("00-small")
    page.wait_for_timeout(2000)
    seen["open 4000x3000 again"] = _open_large(review)
    return seen


def _open_large(review: Review) -> float:
    large = review.page.locator(".pr-queue-item", has_text="large")
    return _ms(lambda: (large.click(), review.wait_for("90-large")))


def _painting(review: Review, size: tuple[int, int]) -> dict[str, float]:
    save = """async () => {
        const { draft } = window.puzzlecamReview;
        draft.changed();
        const start = performance.now();
        await draft.flush();
        return performance.now() - start;
    }"""
    page = review.page
    label = f"{size[0]}x{size[1]}"
    strokes = [_script_ms(page, lambda: _stroke(review, *size)) for _ in range(ROUNDS)]
    review.wait_saved()
    saves = [page.evaluate(save) for _ in range(ROUNDS)]
    return {
        f"stroke, script a step, {label}": statistics.median(strokes),
        f"save, {label}": statistics.median(saves),
    }


def main() -> None:
    """Run the measurement and print it."""
    arguments = parser_of(__doc__).parse_args()
    with bench_studio(_pictures) as studio, bench_page() as page:
        print_ms(measure(page, studio), as_json=arguments.json)


if __name__ == "__main__":
    main()
