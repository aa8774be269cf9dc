"""Latencies of the Lab in a real Chromium, as a table for docs/benchmarks.md.

    python -m tests.browser.bench_lab URL ITEM... [--model run-N]

Asks a running studio for pictures that nobody has looked at in the Lab before; six or more say something. The
first only warms the model up. Of the others every second is opened by its address and every other one from
the page, then all of them again both ways. Looking ahead is off: it would have seen the next one already.
A page of Gradio that holds one word and nothing of ours is measured beside them: no address opens faster.
Timings are medians until the first heatmap and until the last view is painted, and depend on the machine;
nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence

import gradio as gr
from playwright.sync_api import Page

from tests.browser.bench_tools import bench_page

WAIT_MS = 120_000
ROWS = [
    ("open a picture nobody has looked at, by its address", 1000),
    ("the same from the page", 1000),
    ("open it again by its address", 200),
    ("the same from the page", 200),
]
SLIDERS = {"colour tolerance": "CRF", "iterations": "CRF", "β": "walk", "log₂ of the steps": "walk"}

_NOTHING_AHEAD = """
const { fetch } = window;
window.fetch = (url, ...rest) =>
    String(url).includes("/lab/ahead") ? Promise.resolve(new Response("null")) : fetch(url, ...rest);
window.painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
window.isHeatShown = (id) => {
    const lab = window.puzzlecamLab;
    const shown = lab?.picture?.item.id ?? lab?.requests?.id;
    return shown === id && lab.panes.views.some(({ map }) => map);
};
"""
_HEAT = """async (id) => {
    while (!window.isHeatShown(id)) await new Promise((done) => setTimeout(done, 4));
    await window.painted();
}"""
_READY = """async () => {
    while (!window.puzzlecamLab?.picture?.maskSteps) await new Promise((done) => setTimeout(done, 4));
    await window.painted();
}"""
_OPEN_MS = """async (id) => {
    const lab = window.puzzlecamLab;
    const start = performance.now();
    lab.open(id);
    while (!window.isHeatShown(id)) await new Promise((done) => setTimeout(done, 4));
    await window.painted();
    const first = performance.now() - start;
    const isReady = () => lab.picture?.item.id === id && lab.picture.maskSteps;
    while (!isReady()) await new Promise((done) => setTimeout(done, 4));
    await window.painted();
    return [first, performance.now() - start];
}"""
_SLIDE_MS = """async (label) => {
    const lab = window.puzzlecamLab;
    const { picture, settings } = lab;
    const before = picture.maskSteps;
    const slider = document.querySelector(`input[type=range][aria-label="${label}"]`);
    const start = performance.now();
    slider.value = Number(slider.value) + Number(slider.step);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (picture.maskSteps === before) await new Promise((done) => setTimeout(done, 4));
    await window.painted();
    const first = performance.now() - start;
    const isMade = () => !picture.maskSteps.isDraft && settings.isMadeWith(picture.maskSteps.settings);
    while (!isMade()) await new Promise((done) => setTimeout(done, 4));
    await window.painted();
    return [first, performance.now() - start];
}"""


def _open_ms(page: Page, url: str, item: int) -> tuple[float, float]:
    start = time.perf_counter()
    page.goto(f"{url}&item={item}", wait_until="commit")
    page.evaluate(_HEAT, item)
    first = time.perf_counter()
    page.evaluate(_READY)
    return 1000 * (first - start), 1000 * (time.perf_counter() - start)


def _bare_page_ms(page: Page, times: int = 6) -> list[float]:
    """Opening a page of Gradio that holds one word; the first time, without the browser's cache, left out."""
    with gr.Blocks(analytics_enabled=False) as bare:
        gr.HTML("<p id='word'>word</p>")
    _, url, _ = bare.launch(prevent_thread_lock=True, quiet=True, show_error=False)
    opened = []
    for _ in range(1 + times):
        start = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector("#word")
        page.evaluate("window.painted()")
        opened.append(1000 * (time.perf_counter() - start))
    bare.close(verbose=False)
    return opened[1:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("items", type=int, nargs="+")
    parser.add_argument("--model", default="proposer", help="key of the model, as in the page's address")
    given = parser.parse_args()
    opened: list[list[tuple[float, float]]] = [[], [], [], []]
    slid: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    with bench_page() as page:
        page.set_default_timeout(WAIT_MS)
        page.add_init_script(_NOTHING_AHEAD)
        address = f"{given.url}/lab?view=steps&model={given.model}"
        first, *others = given.items
        _, began = _open_ms(page, address, first)
        for number, item in enumerate(others):
            from_page = number % 2
            opened[from_page].append(
                tuple(page.evaluate(_OPEN_MS, item)) if from_page else _open_ms(page, address, item)
            )
        for item in given.items:
            opened[2].append(_open_ms(page, address, item))
            for label in SLIDERS:
                if page.locator(f'input[type=range][aria-label="{label}"]').count():
                    slid[label].append(tuple(page.evaluate(_SLIDE_MS, label)))
            page.reload()  # the sliders go back
            page.evaluate(_READY)
        for item in reversed(given.items[:-1]):
            opened[3].append(tuple(page.evaluate(_OPEN_MS, item)))
        bare = _bare_page_ms(page)
    print(f"first of all, loading the model: {began / 1000:.1f} s; load {os.getloadavg()[0]:.1f}\n")
    print(f"| what | wanted | {given.model} |\n|---|---|---|")
    for (what, wanted), times in zip(ROWS, opened, strict=True):
        if times:
            first_heat, last_view = (_median(column) for column in zip(*times, strict=True))
            said = f"{first_heat} to the first heatmap, {last_view} to the last view"
            print(f"| {what} | {wanted} ms | {said} ({len(times)} times) |")
    print(f"| a page of Gradio that holds one word | | {_median(bare)} ({len(bare)} times) |")
    for label, times_ms in slid.items():
        shown = _median([drafted for drafted, _ in times_ms])
        exact = _median([made for _, made in times_ms])
        said = shown if shown == exact else f"{shown} to a draft, {exact} to the mask"
        print(f"| slider *{label}* of the {SLIDERS[label]} to the mask | 150 ms | {said} |")


def _median(times_ms: Sequence[float]) -> str:
    return f"{statistics.median(times_ms):.0f} ms"


if __name__ == "__main__":
    main()
