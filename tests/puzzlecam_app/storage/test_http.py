"""Pictures on a web server: read from its list of files, and never from where it sends the studio."""

import http.server
import io
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.datasets import require_dataset
from db.items import all_items
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.items import read_item
from puzzlecam_app.services import Services
from puzzlecam_app.storage.bucket import Bucket, BucketError
from puzzlecam_app.storage.urls import parse_url


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; below /elsewhere it sends everybody to another address."""

    asked: list[str]

    def do_GET(self) -> None:
        if self.path.startswith("/elsewhere/"):
            self.send_response(302)
            self.send_header("Location", "/inside/1.png")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    do_HEAD = do_GET  # noqa: N815 - as its class calls it

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 77, np.uint8)).save(buffer, "PNG")
    for name in ("cat/a cat.png", "dog/2.png", "inside/1.png"):
        path = tmp_path / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue() + name.encode())
    handler = partial(Server, directory=str(tmp_path / "web"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_dataset_is_imported_from_a_web_server(
    address: str, make_services: Callable[..., Services]
) -> None:
    services = make_services()
    report = import_dataset(services.stores, parse_url(address), "web")
    assert (report.added, report.left_out) == (3, 0)
    assert report.classes == ("cat", "dog", "inside")
    with services.database.read() as session:
        items = all_items(session, require_dataset(session, "web").id)
        facts = [read_item(session, item.id) for item in items]
    for one in facts:
        one.files.cache.path(one.sha256).unlink()
        assert one.load_image(100)[0, 0, 0] == 77


def test_redirects_are_not_followed(address: str) -> None:
    bucket = Bucket(parse_url(f"{address}/elsewhere"))
    for read in (partial(bucket.read, "1.png"), partial(bucket.read, "1.png", 1000)):
        with pytest.raises((BucketError, FileNotFoundError)) as refused:
            read()
        assert "77" not in str(refused.value)


def test_a_web_server_is_not_written(address: str) -> None:
    with pytest.raises(BucketError):
        Bucket(parse_url(address)).write("1.png", b"1")
