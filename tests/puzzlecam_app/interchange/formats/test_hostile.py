"""Files of every format that are damaged, or lead elsewhere: a sentence, and nothing of them is used.

Only the check runs, which reads lists, pictures and masks as an import does.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.dry_run import CheckReport, check_source
from puzzlecam_app.interchange.formats.registry import READ_FORMATS
from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS
from puzzlecam_app.interchange.importing import ImportOptions
from puzzlecam_app.interchange.layout import read_source
from puzzlecam_app.interchange.read_options import ReadOptions
from tests.helpers_formats import Data, Drawn, exported, studio_with
from tests.helpers_pictures import Studio

DATA = Data(
    ("cat", "dog"),
    (
        Drawn("first", np.arange(12, dtype=np.uint8).reshape(3, 4) % 3, "train"),
        Drawn("second", np.eye(5, dtype=np.uint8), "val"),
    ),
)
READABLE = {one.name for one in READ_FORMATS}
FORMATS = [one.name for one in WRITE_FORMATS if one.name in READABLE]
ROOTS = {one.name: one.root for one in WRITE_FORMATS}

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "noise": lambda content: bytes(
        np.random.default_rng(0).integers(0, 256, max(40, len(content)), np.uint8)
    ),
    "deep": lambda _: b'{"images":' + b"[" * 100_000,
    "numbers": lambda content: content.replace(b"1", b"-1").replace(b"3", b"99999999999"),
    "not a number": lambda content: content.replace(b"0", b"NaN"),
    "names": lambda content: content.replace(b"first", b"../../etc/first"),
    "absolute": lambda content: content.replace(b"first", b"/etc/first"),
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export in each format."""
    folder = tmp_path_factory.mktemp("hostile")
    studio: Studio = studio_with(folder, DATA)
    for format in FORMATS:
        exported(studio, folder / "out" / format, format)
    return folder / "out"


def checked(folder: Path, format: str) -> CheckReport | UserError:
    """What comes of reading the folder; any other error fails the test."""
    try:
        return check_source(read_source(folder, ReadOptions(format)), ImportOptions("accepted"))
    except UserError as problem:
        return problem


def files_in(folder: Path) -> list[Path]:
    """All files but the studio's own manifest, which no format reads."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json"]


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_files_end_in_a_sentence_and_never_in_a_crash(
    exports: Path, tmp_path: Path, format: str
) -> None:
    folder = shutil.copytree(exports / format / ROOTS[format], tmp_path / "in")
    whole = checked(folder, format)
    assert isinstance(whole, CheckReport), whole
    assert whole.usable == 2
    for path in files_in(folder):
        content = path.read_bytes()
        for change in DAMAGE.values():
            path.write_bytes(change(content))
            found = checked(folder, format)
            if isinstance(found, UserError):
                assert str(found)
                continue
            assert found.usable <= 2
            assert all(one.file and one.reason for one in found.problems)
        path.write_bytes(content)


@pytest.mark.parametrize("format", FORMATS)
def test_links_that_lead_out_of_the_folder_are_not_read(exports: Path, tmp_path: Path, format: str) -> None:
    folder = shutil.copytree(exports / format / ROOTS[format], tmp_path / "in")
    whole = checked(folder, format)
    assert isinstance(whole, CheckReport)
    for path in files_in(folder):
        elsewhere = shutil.move(path, tmp_path / "elsewhere")
        path.symlink_to(elsewhere)
        found = checked(folder, format)
        if isinstance(found, CheckReport):
            is_needed = path.suffix in {".jpg", ".png"} and not re.search("Object|TrainIds", str(path))
            is_whole = (found.usable, found.masks_usable) == (whole.usable, whole.masks_usable)
            assert not (is_needed and is_whole), path
        path.unlink()
        shutil.move(elsewhere, path)
