"""Parquet as Hugging Face's datasets write it: what is in the files, what is refused, and pushing."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.formats import parquet as reader
from puzzlecam_app.interchange.formats import parquet_files, parquet_write
from puzzlecam_app.interchange.hub import check_push, push
from tests.helpers_formats import Data, Drawn, contents, exported, imported, studio_with
from tests.helpers_pictures import reasons

CELL = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])


def png(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def picture(seed: int = 0) -> bytes:
    return png(np.random.default_rng(seed).integers(0, 255, (4, 5, 3), np.uint8))


def table(path: Path, columns: dict[str, Any], metadata: dict[str, Any] | None = None) -> Path:
    """Write columns; dictionaries of bytes and path are pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name, values in columns.items():
        is_picture = any(isinstance(one, dict) for one in values)
        arrays[name] = arrow.array(values, CELL if is_picture else None)
    written = arrow.table(arrays).replace_schema_metadata(
        {key: json.dumps(value) for key, value in (metadata or {}).items()}
    )
    parquet.write_table(written, path)
    return path


NAMES = {"0": "background", "1": "cat", "2": "dog"}


def test_numbers_of_tags_names_of_files_and_splits_are_read(tmp_path: Path) -> None:
    mask = np.array([[0, 1, 2, 0, 255]] * 4, np.uint8)
    cells = [{"bytes": picture(1), "path": "../b c.jpeg"}, {"bytes": picture(2), "path": None}, None]
    features = {"tags": {"feature": {"names": ["background", "cat", "dog"], "_type": "ClassLabel"}}}
    metadata = {"id2label": NAMES, "huggingface": {"info": {"features": features}}}
    columns = {
        "segmentation_mask": [{"bytes": png(mask), "path": "m"}, None, None],
        "picture": cells,
        "tags": [[1, 2], [1], []],
    }
    table(tmp_path / "in/data/validation-00000-of-00001.parquet", columns, metadata)

    studio, report = imported(tmp_path / "in", tmp_path / "w")

    assert (report.layout, report.classes) == ("parquet", ("cat", "dog"))
    assert report.recognised == "data/validation-00000-of-00001.parquet is a Parquet file"
    assert reasons(report)["data/validation-00000-of-00001.parquet, row 3"][1] == "the row has no picture"
    found = contents(studio)[1]
    np.testing.assert_array_equal(found["b c"].mask, mask)
    assert {name: (one.split, one.tags) for name, one in found.items()} == {
        "b c": ("val", (1, 2)),
        "1-000002": ("val", (1,)),
    }
    assert not list((tmp_path / "w/images").glob(".unpacked*"))
    again = imported_again(studio, tmp_path / "in")
    assert (again.unchanged, again.missing) == (2, 0)


def imported_again(studio: Any, folder: Path) -> Any:
    from puzzlecam_app.interchange.importing import import_dataset

    return import_dataset(studio.stores, folder, "data")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"url": ["http://x/y.png"]}, "no column holds pictures"),
        ({"mask": [{"bytes": b"1", "path": ""}]}, "no column holds pictures"),
        ({"image": [{"bytes": b"\0" * 2_000_000, "path": "a.png"}] * 40}, "much larger unpacked"),
    ],
)
def test_tables_without_pictures_and_those_that_fill_the_disk_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: dict[str, Any], why: str
) -> None:
    monkeypatch.setattr(reader, "_ROOM_BYTES", 1 << 20)
    table(tmp_path / "in/train.parquet", columns)

    with pytest.raises(UserError, match=why) as caught:
        imported(tmp_path / "in", tmp_path / "w")
    assert "train.parquet" in str(caught.value)
    assert not list((tmp_path / "w/images").glob("*"))


def test_row_groups_that_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_MAX_GROUP_BYTES", 100)
    table(tmp_path / "in/train.parquet", {"image": [{"bytes": picture(), "path": "a.png"}]})

    with pytest.raises(UserError, match=r"train\.parquet, row group 1: a row group has more than"):
        imported(tmp_path / "in", tmp_path / "w")


def test_a_damaged_file_and_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    cells = {"image": [{"bytes": picture(), "path": "a.png"}]}
    table(tmp_path / "two/train.parquet", cells, {"id2label": NAMES})
    table(tmp_path / "two/val.parquet", cells, {"id2label": NAMES | {"2": "cow"}})
    whole = table(tmp_path / "cut/train.parquet", cells)
    whole.write_bytes(whole.read_bytes()[:-30])

    with pytest.raises(UserError, match=r"val\.parquet: its classes differ"):
        imported(tmp_path / "two", tmp_path / "w1")
    with pytest.raises(UserError, match=r"train\.parquet: the Parquet file cannot be read"):
        imported(tmp_path / "cut", tmp_path / "w2")


def test_without_pyarrow_both_ways_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = studio_with(tmp_path, Data(("cat",), (Drawn("a", np.eye(3, dtype=np.uint8)),)))
    exported(studio, tmp_path / "out", "parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(UserError, match="pip install pyarrow"):
        imported(tmp_path / "out", tmp_path / "w")
    with pytest.raises(UserError, match="pip install pyarrow"):
        exported(studio, tmp_path / "again", "parquet")
    assert not (tmp_path / "again").exists()


def test_an_export_has_several_files_of_several_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_write, "_SHARD_BYTES", 3500)
    monkeypatch.setattr(parquet_write, "_GROUP_ROWS", 2)
    names = ("a", "b", "c", "d", "e", "f", "g")
    masks = tuple(Drawn(name, np.full((6, 7), 1, np.uint8), "my split") for name in names)
    studio = studio_with(tmp_path, Data(("background", "cat"), masks))

    exported(studio, tmp_path / "out", "parquet")

    files = sorted((tmp_path / "out/data").iterdir())
    assert len(files) > 1
    assert files[0].name == f"my_split-00000-of-{len(files):05}.parquet"
    rows = [row for file in files for row in parquet.read_table(file).to_pylist()]
    assert [row["image"]["path"] for row in rows] == [f"{name}.png" for name in names]
    assert parquet.ParquetFile(files[0]).metadata.num_row_groups > 1
    features = parquet_files.features_of(parquet.read_schema(files[0]).metadata)
    assert features["tags"]["feature"]["names"] == ["background", "background_", "cat"]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert {one["picture"] for one in manifest["items"]} == {"packed"}
    assert not (tmp_path / "out/images").exists()


class Hub(BaseHTTPRequestHandler):
    """What the hub answers to the calls of a push, as huggingface_hub documents them."""

    calls: list[tuple[str, str]]
    committed: dict[str, bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.calls.append((self.path, self.headers.get("Authorization", "")))
        status, answer = self.answer(body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self.calls.append((self.path, self.headers.get("Authorization", "")))
        content = b"[]" if "/tree/" in self.path else b'{"id": "ann/pets", "siblings": [], "sha": "1"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, body: bytes) -> tuple[int, Any]:
        address = f"http://{self.headers['Host']}/datasets/ann/pets"
        if self.headers.get("Authorization") != "Bearer hf_right":
            return 401, {"error": "Invalid credentials"}
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            assert asked["type"] == "dataset"
            assert asked.get("private") or asked.get("visibility") == "private"
            return 200, {"url": address}
        if self.path.endswith("/preupload/main"):
            files = json.loads(body)["files"]
            plain = {"uploadMode": "regular", "shouldIgnore": False}
            return 200, {"files": [{"path": one["path"]} | plain for one in files]}
        if self.path.endswith("/commit/main"):
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    value = line["value"]
                    self.committed[value["path"]] = base64.b64decode(value["content"])
            return 200, {"commitUrl": f"{address}/commit/1", "commitOid": "1", "pullRequestUrl": None}
        return 200, {}

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    handler = type("OneHub", (Hub,), {"calls": [], "committed": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def test_a_push_sends_the_files_of_the_export_without_its_manifest(
    tmp_path: Path, hub: tuple[str, type[Hub]]
) -> None:
    address, received = hub
    studio = studio_with(tmp_path, Data(("cat",), (Drawn("a", np.eye(3, dtype=np.uint8)),)))
    exported(studio, tmp_path / "out", "parquet")

    place = push(tmp_path / "out", "ann/pets", "hf_right", endpoint=address)

    assert place == f"{address}/datasets/ann/pets"
    sent = {path: (tmp_path / "out" / path).read_bytes() for path in received.committed}
    assert received.committed == sent
    assert set(sent) == {"README.md", "id2label.json", "data/train-00000-of-00001.parquet"}
    assert {token for _, token in received.calls} == {"Bearer hf_right"}

    with pytest.raises(UserError, match="written, but not pushed") as caught:
        push(tmp_path / "out", "ann/pets", "hf_wrong", endpoint=address)
    assert "hf_wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("format", "repo", "token", "why"),
    [
        ("coco", "ann/pets", "x", "shows no datasets of the format coco"),
        ("parquet", "../pets", "x", "no name of a dataset on the hub"),
        ("parquet", "ann/pets", " ", "HF_TOKEN: no token of the hub is set"),
    ],
)
def test_a_push_that_cannot_work_is_refused_before_anything_is_written(
    format: str, repo: str, token: str, why: str
) -> None:
    with pytest.raises(UserError, match=why):
        check_push(format, repo, {"HF_TOKEN": token})


def test_the_token_comes_from_the_environment() -> None:
    assert check_push("hugging-face", "ann/pets", {"HF_TOKEN": "hf_x"}) == "hf_x"
