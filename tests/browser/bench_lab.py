"""Latencies of the Lab in a real Chromium, as docs/benchmarks.md reports them.

    python -m tests.browser.bench_lab URL ITEM... [--model run-N]

Asks a running studio for pictures that nobody has looked at in the Lab before. The first only warms the model
up; timings are medians over the others and depend on the machine; nothing is asserted.
"""

from __future__ import annotations

import argparse
import statistics
import time

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, find_chromium

READY = "window.puzzlecamLab?.look?.made"
SLIDERS = ("colour tolerance", "β")
WAIT_MS = 120_000

_SLIDE_MS = """async (label) => {
    const { look } = window.puzzlecamLab;
    const before = look.made;
    const slider = document.querySelector(`input[type=range][aria-label="${label}"]`);
    const start = performance.now();
    slider.value = Number(slider.value) + Number(slider.step);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (!look.made || look.made === before) await new Promise((done) => setTimeout(done, 4));
    return performance.now() - start;
}"""


def _open_s(page: Page, url: str) -> float:
    start = time.perf_counter()
    page.goto(url, wait_until="domcontentloaded")
    page.wait_for_function(READY, timeout=WAIT_MS)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("items", type=int, nargs="+")
    parser.add_argument("--model", default="proposer", help="what to look through, as in the page's address")
    given = parser.parse_args()
    cold: list[float] = []
    warm: list[float] = []
    slid: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for item in given.items:
            url = f"{given.url}/lab?item={item}&view=way&model={given.model}"
            cold.append(_open_s(page, url))
            warm.append(_open_s(page, url))
            for label in SLIDERS:
                if page.locator(f'input[type=range][aria-label="{label}"]').count():
                    slid.setdefault(label, []).append(page.evaluate(_SLIDE_MS, label))
        browser.close()
    print(f"first of all: {cold[0]:.1f} s")
    if len(given.items) > 1:
        print(f"cold: {statistics.median(cold[1:]):.2f} s")
    print(f"warm: {statistics.median(warm):.2f} s")
    for label, times in slid.items():
        print(f"{label}, slider to mask: {statistics.median(times):.0f} ms")


if __name__ == "__main__":
    main()
