"""`kill -9` of the studio while several people save: what was acknowledged is there, and all can be read."""

import http.client
import signal
import socket
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.engine import open_database, sqlite_url
from db.masks import MaskStore
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.interchange.stores import Stores
from tests import warm

ROOT = Path(__file__).parents[2]
HEIGHT, WIDTH = 300, 400
PEOPLE = 4
SAVES_BEFORE_THE_KILL = 40
START_S = 120


@dataclass
class Person:
    """Somebody who saves one picture after another save, as fast as the studio answers."""

    port: int
    item: int
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    """(revision, number of the save) of each save that was answered."""
    waits: bool = False
    """A save was sent and is not answered."""
    refusal: str | None = None

    def work(self, saved: threading.Semaphore) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        revision = 0
        try:
            for number in range(1, 100_000):
                headers = {"If-Match": f'"{revision}"', "Content-Encoding": "deflate"}
                body = zlib.compress(drawn(number).tobytes())
                connection.request("PUT", f"/api/items/{self.item}/mask", body, headers)
                self.waits = True
                answer = connection.getresponse()
                text = answer.read().decode()
                self.waits = False
                if answer.status != 200:
                    self.refusal = text
                    return
                revision = int(text.split('"id":', 1)[1].split(",", 1)[0])
                self.acknowledged.append((revision, number))
                saved.release()
        except (OSError, http.client.HTTPException):
            return  # killed


def drawn(number: int) -> np.ndarray:
    """A mask that no other save has."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask.ravel()[: number % (HEIGHT * WIDTH)] = 1
    return mask


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a picture for each person."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(PEOPLE):
        Image.new("RGB", (WIDTH, HEIGHT), (number, 80, 80)).save(folder / f"{number}.png")
    names = "".join(f"{number}.png,cat\n" for number in range(PEOPLE))
    (folder / "tags.csv").write_text("image,tags\n" + names, encoding="utf-8")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    database = open_database(sqlite_url(workspace / "puzzlecam.sqlite3"))
    database.migrate()
    masks = MaskStore(workspace / "masks")
    import_dataset(Stores(database, masks, workspace / "images"), folder, "cats")
    database.close()
    return workspace


@pytest.fixture
def server(workspace: Path) -> Iterator[tuple[warm.Process, int]]:
    """The studio's own command, answering."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = ["-m", "puzzlecam_app", "app", "--port", str(port), "--no-browser"]
    log = workspace.parent / "studio.log"
    with log.open("wb") as out:
        process = warm.start([*command, "--workspace", str(workspace)], stdout=out, stderr=out)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/api/health")
            if connection.getresponse().status == 200:
                break
        except OSError:
            time.sleep(0.1)  # not listening yet
    else:
        raise RuntimeError(log.read_text())
    yield process, port
    process.kill()
    process.wait(10)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_killed_studio_keeps_every_save_that_it_acknowledged(
    workspace: Path, server: tuple[warm.Process, int]
) -> None:
    process, port = server
    people = [Person(port, item) for item in range(1, PEOPLE + 1)]
    saved = threading.Semaphore(0)
    threads = [threading.Thread(target=person.work, args=[saved]) for person in people]
    for thread in threads:
        thread.start()
    for _ in range(SAVES_BEFORE_THE_KILL):
        assert saved.acquire(timeout=60)
    process.send_signal(signal.SIGKILL)
    for thread in threads:
        thread.join(60)

    assert [person.refusal for person in people] == [None] * PEOPLE
    assert any(person.waits for person in people), "the kill came amid saves"
    with sqlite3.connect(workspace / "puzzlecam.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = database.execute("SELECT id, item_id, mask_hash FROM revisions ORDER BY id").fetchall()
    masks = MaskStore(workspace / "masks")
    stored = {
        revision: masks.get(mask_hash) for revision, _, mask_hash in rows
    }  # raises where one is damaged
    for person in people:
        for revision, number in person.acknowledged:
            np.testing.assert_array_equal(stored[revision], drawn(number))
        later = [revision for revision, item, _ in rows if item == person.item]
        assert len(later) - len(person.acknowledged) in (0, 1), "at most the save in flight is unsure"
    for path in (workspace / "masks").rglob("*.png"):
        masks.get(path.stem)
