"""Which format a folder is of: told by its signs, chosen by the person where two fit."""

from pathlib import Path

import pytest

from puzzlecam_app.errors import UsageError, UserError
from puzzlecam_app.interchange.formats import registry
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.root_files import RootFiles


def sign(name: str, file: str, *more_telling_than: str) -> ReadFormat:
    """A format that is recognised by one file."""

    def recognise(files: RootFiles) -> str | None:
        return f"there is {file}" if files.has_file(file) else None

    return ReadFormat(name, name, recognise, registry.READ_FORMATS[-1].read, frozenset(more_telling_than))


@pytest.fixture(autouse=True)
def formats(monkeypatch: pytest.MonkeyPatch) -> None:
    known = (sign("apples", "a.txt"), sign("pears", "p.txt"), sign("red-apples", "r.txt", "apples"))
    monkeypatch.setattr(registry, "READ_FORMATS", (*known, registry.READ_FORMATS[-1]))


def folder(root: Path, *names: str) -> RootFiles:
    for name in names:
        (root / name).touch()
    return RootFiles(root)


def test_a_format_is_recognised_by_its_sign(tmp_path: Path) -> None:
    found = registry.recognise(folder(tmp_path, "a.txt"))

    assert (found.format.name, found.reason) == ("apples", "there is a.txt")


def test_two_that_fit_are_named_with_their_signs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"2 ways: apples, because there is a\.txt; pears, because") as caught:
        registry.recognise(folder(tmp_path, "a.txt", "p.txt"))

    assert caught.value.remedy == "Choose one with --format apples or --format pears"


def test_the_more_telling_of_two_is_meant(tmp_path: Path) -> None:
    assert registry.recognise(folder(tmp_path, "a.txt", "r.txt")).format.name == "red-apples"


def test_a_dataset_is_read_as_it_was_imported_before(tmp_path: Path) -> None:
    assert registry.recognise(folder(tmp_path, "a.txt", "p.txt"), "pears").format.name == "pears"
    assert registry.recognise(folder(tmp_path, "a.txt"), "folder").format.name == "folder"


def test_a_folder_without_signs_is_read_as_a_folder_of_pictures(tmp_path: Path) -> None:
    assert registry.recognise(folder(tmp_path, "x.txt")).format.name == "folder"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="auto, apples, pears, red-apples, folder"):
        registry.read_format("plums")
