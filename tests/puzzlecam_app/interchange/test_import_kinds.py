"""Files that are no pictures or cannot be read are counted and named; JPEGs of any name are read."""

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.kinds import remarks_on_skipped
from puzzlecam_app.interchange.pictures import PictureError, load_upright_rgb
from tests.helpers_pictures import Import, jpeg_bytes, pixels, reasons, save, voc_folder
from trainer.data import images

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.fixture
def without_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("trainer.data.images", "puzzlecam_app.interchange.kinds"):
        monkeypatch.setattr(f"{place}.can_read_heif", lambda: False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One picture that can be read, and the list of tags to which a test adds others."""
    save(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "tags.csv").write_text("image,tags\na.jpg,cat\n")
    return tmp_path / "in"


def add(folder: Path, name: str, content: bytes, *, listed: bool = True) -> None:
    (folder / name).write_bytes(content)
    if listed:
        with (folder / "tags.csv").open("a") as file:
            file.write(f"{name},cat\n")


@pytest.mark.parametrize("name", ["b.jfif", "b.JFIF", "b.JPG", "b.jpe"])
def test_a_jpeg_is_read_under_any_of_its_endings(name: str, folder: Path, run: Import) -> None:
    add(folder, name, jpeg_bytes())
    report = run(folder)
    assert (report.added, report.is_complete) == (2, True)


@pytest.mark.parametrize("name", ["b.jp2", "b.ppm", "b.dng", "b.svg"])
def test_a_listed_picture_of_another_kind_is_not_called_missing(name: str, folder: Path, run: Import) -> None:
    add(folder, name, b"content")
    suffix = Path(name).suffix
    problems = reasons(run(folder))
    assert problems["tags.csv, line 3"] == ("error", f"{name}: this kind of file ({suffix}) cannot be read")
    assert problems[f"*{suffix}"][1] == (
        f"this kind of picture cannot be read, so 1 file was left out ({name})"
    )


def test_pictures_that_are_not_listed_are_counted_by_their_kind(folder: Path, run: Import) -> None:
    for number in range(4):
        add(folder, f"{number}.ppm", b"P6", listed=False)
    report = run(folder)
    assert reasons(report)["*.ppm"] == (
        "error",
        "this kind of picture cannot be read, so 4 files were left out (0.ppm, 1.ppm, 2.ppm, ...)",
    )
    assert not report.is_complete


def test_other_files_are_counted_but_nothing_is_missing_without_them() -> None:
    (problem,) = remarks_on_skipped(["a/film.mp4", "notes.txt", "tags.csv", "LICENSE", "film.MP4"])
    assert (problem.file, problem.left_out) == ("*.mp4", False)
    assert "2 files were passed over" in problem.reason


@pytest.mark.usefixtures("without_heif")
def test_heic_without_its_package_says_what_to_install(folder: Path, run: Import) -> None:
    add(folder, "b.HEIC", HEIC)
    report = run(folder)
    assert {problem.remedy for problem in report.problems} == {images.INSTALL_HEIF}
    assert (report.added, report.is_complete) == (1, False)


@pytest.mark.usefixtures("without_heif")
def test_a_folder_of_heic_alone_says_why_there_are_no_pictures(tmp_path: Path, run: Import) -> None:
    (tmp_path / "b.heic").write_bytes(HEIC)
    (tmp_path / "tags.csv").write_text("image,tags\nb.heic,cat\n")
    with pytest.raises(UserError, match="this kind of picture cannot be read"):
        run(tmp_path)


@pytest.mark.usefixtures("without_heif")
def test_heic_under_the_name_of_a_jpeg_is_recognised() -> None:
    with pytest.raises(PictureError, match=r"HEIC pictures cannot be read here.*pillow-heif"):
        load_upright_rgb(HEIC)


def test_heic_is_read_if_its_package_is_installed(folder: Path, run: Import) -> None:
    pytest.importorskip("pillow_heif")
    assert images.can_read_heif()
    buffer = io.BytesIO()
    Image.fromarray(pixels(64, 64)).save(buffer, "HEIF")
    add(folder, "b.heic", buffer.getvalue())
    report = run(folder)
    assert (report.added, report.is_complete) == (2, True)
    assert load_upright_rgb(folder / "b.heic").shape == (64, 64, 3)


def test_a_listed_picture_of_voc_that_cannot_be_read_is_not_called_missing(
    tmp_path: Path, run: Import
) -> None:
    root = voc_folder(tmp_path, {"a": ["cat"]}, splits={"train": ["a", "b"]})
    shutil.copyfile(root / "JPEGImages" / "a.jpg", root / "JPEGImages" / "b.jp2")
    problems = reasons(run(root))
    assert problems["JPEGImages/b.jp2"] == ("error", "this kind of file (.jp2) cannot be read")
    assert not any("missing" in reason for _, reason in problems.values())
