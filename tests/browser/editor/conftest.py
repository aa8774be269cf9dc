"""A static server for `assets/editor`, pages with an editor on them, and a bridge for its pure functions."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Error, Page

from tests.browser.conftest import new_context

HERE = Path(__file__).parent
ASSETS = Path(__file__).parents[3] / "assets"
SERVED = ("editor/", "shared/")

Mask = NDArray[np.uint8]


class EditorFiles(SimpleHTTPRequestHandler):
    """`/editor/...` and `/shared/...` from the assets, everything else from this folder."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}  # noqa: RUF012

    def translate_path(self, path: str) -> str:
        clean = path.split("?")[0].lstrip("/")
        if clean.startswith(SERVED):
            return str(ASSETS / clean)
        return str(HERE / clean)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test output readable."""


@pytest.fixture(scope="session")
def editor_url() -> Iterator[str]:
    """Address of the static server, without a trailing slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(EditorFiles, directory=str(HERE)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class EditorPage:
    """A page with one editor on it, driven by real pointer and key events."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.mouse = page.mouse
        self.keyboard = page.keyboard
        page.goto(f"{url}/harness.html")
        page.wait_for_function("() => window.harness !== undefined")

    def open(self, width: int, height: int, mask: Mask | None = None) -> None:
        """Show a drawn picture of that size, fitted to the stage."""
        bytes_ = None if mask is None else base64.b64encode(mask.tobytes()).decode()
        self.page.evaluate(
            """([width, height, mask]) => harness.open(width, height, {
                mask: mask && Uint8Array.from(atob(mask), (c) => c.charCodeAt(0)),
            })""",
            [width, height, bytes_],
        )
        self.settle()

    def settle(self) -> None:
        """Wait until the editor has drawn what waits."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Evaluate with `editor` and `argument` in scope."""
        return self.page.evaluate(
            f"(argument) => {{ const {{editor}} = harness; return {expression}; }}", argument
        )

    def mask(self) -> Mask:
        """The live mask, H x W."""
        encoded, width, height = self.page.evaluate(
            """() => {
                const {mask, width, height} = harness.editor;
                let text = '';
                for (let i = 0; i < mask.length; i += 32768)
                    text += String.fromCharCode(...mask.subarray(i, i + 32768));
                return [btoa(text), width, height];
            }"""
        )
        return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the editor has reported since the picture was opened."""
        return [event for event in self.page.evaluate("() => harness.events") if event["type"] == kind]

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        """CSS position on the page of an image coordinate (pixel k has its centre at k + 0.5)."""
        left, top, ratio = self.page.evaluate(
            """() => {
                const box = document.querySelector('.pz-stage').getBoundingClientRect();
                return [box.left, box.top, devicePixelRatio];
            }"""
        )
        at = self.ask("editor.viewport.toScreen(argument[0], argument[1])", [x, y])
        return left + at["x"] / ratio, top + at["y"] / ratio

    def move(self, x: float, y: float, steps: int = 1) -> None:
        """Move the mouse to an image coordinate."""
        self.mouse.move(*self.on_page(x, y), steps=steps)

    def click(self, x: float, y: float, **options: Any) -> None:
        """Click on an image coordinate."""
        self.mouse.click(*self.on_page(x, y), **options)

    def drag(self, points: list[tuple[float, float]], button: Any = "left", steps: int = 4) -> None:
        """Press at the first image coordinate, move along the others, release at the last."""
        self.move(*points[0])
        self.mouse.down(button=button)
        for point in points[1:]:
            self.move(*point, steps=steps)
        self.mouse.up(button=button)

    def screenshot(self) -> NDArray[np.uint8]:
        """What is on the screen, H x W x RGB in device pixels."""
        self.settle()
        encoded = np.frombuffer(self.page.screenshot(), np.uint8)
        return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)[:, :, ::-1])


@pytest.fixture(scope="session")
def screens(browser: Browser, editor_url: str) -> Iterator[Callable[..., EditorPage]]:
    """Pages by their kind of screen. Opening one costs more than most tests do, so all tests share them."""
    opened: dict[tuple[Any, ...], EditorPage] = {}

    def on_screen(width: int, height: int, **options: Any) -> EditorPage:
        kind = (width, height, *sorted(options.items()))
        if kind not in opened:
            opened[kind] = EditorPage(new_context(browser, width, height, **options).new_page(), editor_url)
        return opened[kind]

    yield on_screen
    for editor in opened.values():
        editor.page.context.close()


@pytest.fixture
def editor_on_screen(screens: Callable[..., EditorPage]) -> Iterator[Callable[..., EditorPage]]:
    """Make a new editor, no picture open, on a screen of some size and pixel density.

    The test fails when a script on its page throws.
    """
    thrown: list[str] = []
    used: list[EditorPage] = []

    def record(error: Error) -> None:
        thrown.append(str(error))

    def make(width: int = 1440, height: int = 900, **options: Any) -> EditorPage:
        editor = screens(width, height, **options)
        used.append(editor)
        editor.page.on("pageerror", record)
        editor.mouse.move(0, 0)
        editor.page.evaluate("() => harness.restart()")
        editor.settle()
        return editor

    yield make
    for editor in used:
        editor.page.remove_listener("pageerror", record)
    assert thrown == [], f"the page threw: {thrown}"


@pytest.fixture
def editor(editor_on_screen: Callable[..., EditorPage]) -> EditorPage:
    """A new editor on a 1440 x 900 screen, no picture open."""
    return editor_on_screen()


@pytest.fixture(scope="session")
def modules(browser: Browser, editor_url: str) -> Iterator[Page]:
    """One page for all tests of pure functions; `js` holds what the editor's modules export."""
    page = browser.new_page()
    page.goto(f"{editor_url}/blank.html")
    page.evaluate(
        """async () => {
            const paths = [
                'editor/raster/raster', 'editor/raster/rect', 'editor/raster/brush', 'editor/raster/polygon',
                'editor/raster/fill', 'editor/raster/pieces', 'editor/raster/reshape', 'editor/history',
                'editor/mask_document', 'editor/render/mask_view', 'shared/heatmap',
                'shared/viewport', 'shared/colours',
            ];
            window.js = {};
            for (const path of paths) Object.assign(window.js, await import(`/${path}.js`));
        }"""
    )
    yield page
    page.close()


@dataclass(frozen=True)
class Painted:
    """What a raster function did: the mask before and after, and the rectangle it reported."""

    before: Mask
    mask: Mask
    rect: dict[str, int] | None

    @property
    def text(self) -> list[str]:
        """The mask one can read: '.' is 0, digits are themselves."""
        return ["".join("." if value == 0 else str(value) for value in row) for row in self.mask.tolist()]

    @property
    def changed(self) -> dict[str, int] | None:
        """The tight rectangle around everything that differs."""
        ys, xs = np.nonzero(self.before != self.mask)
        if len(ys) == 0:
            return None
        return {
            "x0": int(xs.min()),
            "y0": int(ys.min()),
            "x1": int(xs.max()) + 1,
            "y1": int(ys.max()) + 1,
        }


@pytest.fixture
def paint(modules: Page) -> Callable[..., Painted]:
    """Run a raster function on a mask given as text or as an array.

    The expression sees `raster`, `protect`, all exports of the modules, and the keyword arguments by name.
    """

    def run(expression: str, mask: list[str] | Mask, protect: Sequence[int] = (), **values: Any) -> Painted:
        if isinstance(mask, list):
            mask = np.array([[0 if c == "." else int(c) for c in row] for row in mask], np.uint8)
        after, rect = modules.evaluate(
            """([expression, mask, width, height, protectedClasses, values]) => {
                const raster = {mask: Uint8Array.from(mask), width, height};
                const protect = new Uint8Array(256);
                for (const index of protectedClasses) protect[index] = 1;
                const scope = {...js, raster, protect, ...values};
                const run = new Function(...Object.keys(scope), `return ${expression}`);
                const rect = run(...Object.values(scope));
                return [[...raster.mask], rect];
            }""",
            [expression, mask.ravel().tolist(), mask.shape[1], mask.shape[0], list(protect), values],
        )
        return Painted(mask, np.array(after, np.uint8).reshape(mask.shape), rect)

    return run
