"""Which folders the pages may read, for whoever can reach them."""

from pathlib import Path

import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.import_roots import check_import_path
from puzzlecam_app.settings import Settings


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    (tmp_path / "allowed" / "pets").mkdir(parents=True)
    (tmp_path / "private").mkdir()
    return tmp_path / "allowed"


def test_on_this_machine_a_page_reads_what_its_user_may(allowed: Path) -> None:
    assert check_import_path(Settings(), allowed) == allowed.resolve()


@pytest.mark.parametrize("reach", [{"host": "0.0.0.0"}, {"public_names": "masks.example.org"}])
def test_others_may_read_nothing_unless_folders_are_named(allowed: Path, reach: dict[str, str]) -> None:
    with pytest.raises(UserError, match="PUZZLECAM_IMPORT_ROOTS"):
        check_import_path(Settings(**reach), allowed)
    settings = Settings(**reach, import_roots=(allowed,))
    assert check_import_path(settings, allowed / "pets") == (allowed / "pets").resolve()


def test_no_way_of_writing_a_path_leads_out_of_the_roots(allowed: Path) -> None:
    settings = Settings(import_roots=(allowed,))
    (allowed / "link").symlink_to(allowed.parent / "private")
    for path in (allowed.parent, allowed / "..", allowed / "pets/../../private", allowed / "link", Path("~")):
        with pytest.raises(UserError, match="may not import"):
            check_import_path(settings, path)


def test_a_folder_that_is_not_there_is_said_to_be(allowed: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        check_import_path(Settings(import_roots=(allowed,)), allowed / "nothing")
