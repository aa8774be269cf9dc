"""A studio as a person has it: started by its own command on a workspace of its own, real weights and all."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from puzzlecam_app.cli import main
from tests import warm
from tests.browser.conftest import PATIENCE_MS, new_context

ROOT = Path(__file__).parents[3]
# name, width, height: landscape, portrait, tiny, and twelve megapixels.
SMALL_SIZES = [("landscape", 451, 300), ("portrait", 240, 360), ("small", 64, 40)]
LARGE = ("large", 4000, 3000)
# What a browser keeps of a studio, except its files.
REMEMBERED = ("cookies", "local_storage", "indexeddb", "cache_storage", "service_workers")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Studio:
    """A running studio; `kill` it as hard as wished and `start` it again.

    It starts in milliseconds, as a copy of a process that has imported it, unless `is_cold`.
    """

    workspace: Path
    port: int = field(default_factory=free_port)
    root_path: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    is_cold: bool = False
    process: warm.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.root_path}"

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the studio's workspace, in this process: a new one takes seconds to start."""
        command = [*arguments, "--workspace", str(self.workspace)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(command)
        return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())

    def import_folder(self, folder: Path, dataset: str) -> None:
        done = self.command(
            "dataset", "import", str(folder), "--name", dataset, "--tags", str(folder / "tags.csv")
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        command = ["-m", "puzzlecam_app", "app", "--port", str(self.port), "--no-browser"]
        command += ["--workspace", str(self.workspace)]
        environment = {**os.environ, "PUZZLECAM_ROOT_PATH": self.root_path, **self.environment}
        with (self.workspace.parent / "studio.log").open("ab") as log:
            if self.is_cold:
                self.process = subprocess.Popen(
                    [sys.executable, *command], cwd=ROOT, stdout=log, stderr=log, env=environment
                )
            else:
                self.process = warm.start(command, stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/api/health", timeout=5).close()
                return
            except urllib.error.HTTPError as answer:  # it asks for the access key
                answer.close()
                return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.2)
        self.kill()  # too late is worse than never: it would run on beside the tests that follow
        raise RuntimeError((self.workspace.parent / "studio.log").read_text())

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)  # does nothing where it has ended by itself
            self.process.wait(10)
            self.process = None


def photographs(folder: Path, sizes: list[tuple[str, int, int]] = SMALL_SIZES) -> None:
    """Real photographs at sizes that make trouble, with a tag file."""
    from skimage import data

    folder.mkdir(parents=True)
    source = Image.fromarray(data.astronaut())
    for name, width, height in sizes:
        source.resize((width, height), Image.Resampling.BICUBIC).save(folder / f"{name}.jpg", quality=90)
    rows = ["image,tags", *(f"{name}.jpg,person" for name, _, _ in sizes)]
    (folder / "tags.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One studio for all tests that leave it as they found it; each works on a dataset of its own."""
    studio = Studio(tmp_path_factory.mktemp("studio") / "workspace", is_cold=True)  # as a person starts it
    studio.start()
    yield studio
    studio.kill()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    photographs(folder)
    return folder


@pytest.fixture
def dataset(studio: Studio, pictures: Path, tmp_path: Path) -> str:
    """A freshly imported dataset named after the test and its attempt: a second one meets the first one's."""
    studio.import_folder(pictures, tmp_path.name)
    return tmp_path.name


class Review:
    """The Review page in the hands of somebody."""

    def __init__(self, page: Page, studio: Studio) -> None:
        self.page = page
        self.studio = studio

    def item_id(self, dataset: str, picture: str) -> int:
        """The id of a picture of a dataset."""
        with contextlib.closing(sqlite3.connect(self.studio.workspace / "puzzlecam.sqlite3")) as database:
            found = database.execute(
                "SELECT items.id FROM items JOIN datasets ON datasets.id = items.dataset_id "
                "WHERE datasets.name = ? AND items.name = ?",
                (dataset, f"{picture}.jpg"),
            ).fetchone()
        assert found is not None, f"{dataset} has no {picture}.jpg"
        return int(found[0])

    def open(self, dataset: str, picture: str) -> None:
        """Open a picture by its address, and list all pictures of its dataset."""
        self.page.goto(f"{self.studio.url}/?item={self.item_id(dataset, picture)}")
        self.wait_for(picture)
        status = self.page.get_by_label("Status", exact=True)
        if status.input_value():
            status.select_option("")
            self.page.locator(".pr-queue-item", has_text=picture).click()
            self.wait_for(picture)

    def wait_for(self, picture: str) -> None:
        """Wait until the picture can be painted on."""
        self.page.wait_for_function(
            """name => {
                const review = window.puzzlecamReview;
                return review?.current?.item.name === `${name}.jpg` && review.draft;
            }""",
            arg=picture,
        )

    def accept(self, following: str) -> None:
        """Accept the open picture, again if the page points something out, and wait for the following one."""
        self.page.keyboard.press("a")
        self.page.wait_for_function(
            """name => {
                const warning = document.querySelector(".pr-warning");
                return window.puzzlecamReview.current?.item.name === `${name}.jpg` ||
                    (warning && warning.checkVisibility());
            }""",
            arg=following,
        )
        if self.page.locator(".pr-warning").is_visible():
            self.page.keyboard.press("a")
        self.wait_for(following)

    def mask(self) -> np.ndarray:
        """The live mask of the editor."""
        width, height, text = self.page.evaluate(
            """async () => {
                const editor = window.puzzlecamReview.editor;
                const blob = new Blob([editor.mask]);
                const url = await new Promise((resolve) => {
                    const reader = new FileReader();
                    reader.onload = () => resolve(reader.result);
                    reader.readAsDataURL(blob);
                });
                return [editor.width, editor.height, url.slice(url.indexOf(",") + 1)];
            }"""
        )
        import base64

        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width)

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Where an image position is on the screen."""
        box = self.page.locator(".pz-stage").bounding_box()
        assert box is not None
        at = self.page.evaluate(
            """([x, y]) => {
                const at = window.puzzlecamReview.editor.viewport.toScreen(x, y);
                return [at.x, at.y];
            }""",
            [x, y],
        )
        return box["x"] + at[0], box["y"] + at[1]

    def drag(self, *points: tuple[float, float]) -> None:
        """Drag the pointer through image positions."""
        mouse = self.page.mouse
        mouse.move(*self.to_screen(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.to_screen(*point), steps=6)
        mouse.up()

    def wait_saved(self) -> None:
        self.page.wait_for_function(
            """() => {
                const { draft } = window.puzzlecamReview;
                return draft.state === "saved" && !draft.hasUnsavedWork;
            }""",
        )

    def status_of(self, picture: str) -> str:
        row = self.page.locator(".pr-queue-item", has_text=picture)
        return row.locator(".pr-status").get_attribute("data-status") or ""


@pytest.fixture(scope="session")
def profiles(browser: Browser) -> Iterator[Callable[[int, int], BrowserContext]]:
    """Browser profiles by the size of their screen.

    All tests share them: without Gradio's files and compiled scripts in its cache, a page takes twice the
    processor time.
    """
    opened: dict[tuple[int, int], BrowserContext] = {}

    def profile(width: int, height: int) -> BrowserContext:
        if (width, height) not in opened:
            opened[width, height] = new_context(browser, width, height)
        return opened[width, height]

    yield profile
    for context in opened.values():
        context.close()


@contextlib.contextmanager
def visit(profile: BrowserContext) -> Iterator[Page]:
    """A page of a profile that remembers nothing but files; all pages are closed in the end."""
    page = profile.new_page()
    profile.new_cdp_session(page).send(
        "Storage.clearDataForOrigin", {"origin": "*", "storageTypes": ",".join(REMEMBERED)}
    )
    try:
        yield page
    finally:
        profile.set_offline(False)
        for opened in profile.pages:
            opened.close()


@pytest.fixture
def page(profiles: Callable[[int, int], BrowserContext]) -> Iterator[Page]:
    """A 1440 x 900 page. Its test fails if a script throws or the page policy blocks something."""
    thrown: list[str] = []
    with visit(profiles(1440, 900)) as page:
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.on(
            "console",
            lambda said: thrown.append(said.text) if "Content Security Policy" in said.text else None,
        )
        yield page
    assert thrown == [], f"the page threw: {thrown}"


@pytest.fixture
def review(page: Page, studio: Studio) -> Review:
    return Review(page, studio)


@pytest.fixture
def second_person(profiles: Callable[[int, int], BrowserContext], studio: Studio) -> Iterator[Review]:
    """Somebody else, in a browser of their own."""
    with visit(profiles(1280, 800)) as page:
        yield Review(page, studio)
