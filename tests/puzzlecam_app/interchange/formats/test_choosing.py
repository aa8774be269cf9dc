"""Every format writes the chosen pictures alone, and labels without pictures."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS
from tests.helpers_formats import Data, Drawn, exported, studio_with
from tests.helpers_pictures import Studio

DATA = Data(
    ("cat", "dog"),
    (
        Drawn("a", np.full((4, 5), 1, np.uint8), "train"),
        Drawn("b", np.full((4, 5), 2, np.uint8), "train"),
        Drawn("c", np.full((4, 5), 1, np.uint8), "val"),
        Drawn("d", np.full((4, 5), 1, np.uint8)),
    ),
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return studio_with(tmp_path_factory.mktemp("studio"), DATA)


@pytest.mark.parametrize("format", [one.name for one in WRITE_FORMATS])
def test_filters_choose_the_pictures_and_labels_can_go_alone(
    studio: Studio, tmp_path: Path, format: str
) -> None:
    report = exported(
        studio, tmp_path / "out", format, splits=["train", ""], with_tags=["cat"], pictures="none"
    )

    assert report.exported == 2
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [one["name"] for one in manifest["items"]] == ["a", "d"]
    assert {one["picture"] for one in manifest["items"]} == {"not exported"}
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    written = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert written.isdisjoint(one["source_sha256"] for one in manifest["items"])
    names = {path.relative_to(tmp_path / "out").as_posix() for path in files}
    assert names == {"manifest.json", *manifest["files"]}
