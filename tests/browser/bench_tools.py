"""What the benchmarks of the screens share: a studio of their own, a page to drive, figures to print."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, find_chromium
from tests.browser.studio.conftest import Studio

DATASET = "bench"


@contextmanager
def bench_studio(make_pictures: Callable[[Path], None], *, with_setup: bool = False) -> Iterator[Studio]:
    """A running studio that holds one dataset, `DATASET`.

    Args:
        make_pictures: fills a new folder with pictures and `tags.csv`.
        with_setup: run `setup` first, as trainings need it.
    """
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        make_pictures(pictures)
        studio = Studio(Path(folder) / "workspace")
        studio.workspace.mkdir()
        if with_setup:
            done = studio.command("setup")
            assert done.returncode == 0, done.stderr
        studio.import_folder(pictures, DATASET)
        studio.start()
        try:
            yield studio
        finally:
            studio.kill()


@contextmanager
def bench_page() -> Iterator[Page]:
    """A page of 1440 x 900 in a Chromium of its own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(playwright), args=ARGUMENTS)
        yield chromium.new_page(viewport={"width": 1440, "height": 900})
        chromium.close()


def parser_of(module_doc: str | None) -> argparse.ArgumentParser:
    """Arguments of a benchmark: `--json`, and what is added to it."""
    parser = argparse.ArgumentParser(description=(module_doc or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def print_ms(seen: Mapping[str, float], *, as_json: bool) -> None:
    """Milliseconds by what was measured, as JSON or one a line."""
    if as_json:
        print(json.dumps({name: round(value, 1) for name, value in seen.items()}, indent=2))
        return
    for name, value in seen.items():
        print(f"{name:<40} {value:9.1f} ms")
