from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from puzzlecam_app.errors import UsageError, UserError
from puzzlecam_app.settings import Settings, environment_variable
from puzzlecam_app.workspace import Workspace


def test_a_flag_wins_over_the_environment_which_wins_over_the_default() -> None:
    environ = {"PUZZLECAM_PORT": "8000", "PUZZLECAM_HOST": "0.0.0.0"}

    settings = Settings.load(environ, port=9000)

    assert (settings.port, settings.host, settings.open_browser) == (9000, "0.0.0.0", True)


def test_a_flag_that_was_not_given_and_an_empty_variable_count_as_unset() -> None:
    assert Settings.load({"PUZZLECAM_PORT": ""}, port=None).port == 7860


@pytest.mark.parametrize(("text", "expected"), [("0", False), ("no", False), ("true", True)])
def test_switches_in_the_environment_read_as_words(text: str, expected: bool) -> None:
    assert Settings.load({"PUZZLECAM_OPEN_BROWSER": text}).open_browser is expected


def test_import_roots_are_separated_as_in_path(tmp_path: Path) -> None:
    roots = (tmp_path / "a", tmp_path / "b")

    assert Settings.load({"PUZZLECAM_IMPORT_ROOTS": os.pathsep.join(map(str, roots))}).import_roots == roots


def test_the_workspace_is_absolute_wherever_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert Settings.load({}, workspace=Path("here")).workspace == tmp_path / "here"
    assert Settings.load({}).workspace == tmp_path / "puzzlecam"


@pytest.mark.parametrize(
    ("environ", "flags", "where"),
    [
        ({}, {"port": 70000}, "--port"),
        ({"PUZZLECAM_PORT": "many"}, {}, "PUZZLECAM_PORT"),
        ({"PUZZLECAM_MAX_IMAGE_PIXELS": "0"}, {}, "PUZZLECAM_MAX_IMAGE_PIXELS"),
        ({"PUZZLECAM_ROOT_PATH": "studio"}, {}, "PUZZLECAM_ROOT_PATH"),
    ],
)
def test_a_value_that_cannot_be_used_is_blamed_on_its_flag_or_variable(
    environ: dict[str, str], flags: dict[str, int], where: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.load(environ, **flags)

    assert str(caught.value).startswith(f"{where}: ")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/studio", "/studio"), ("/studio/", "/studio"), ("/team-1/v1.2/", "/team-1/v1.2"), ("/", "")],
)
def test_a_sub_path_has_no_slash_at_its_end(text: str, expected: str) -> None:
    assert Settings.load({"PUZZLECAM_ROOT_PATH": text}).root_path == expected


@pytest.mark.parametrize(
    "text",
    ["studio", "//evil.example", "/a//b", "/a/../b", "/.", "/a b", '/"><b>', "/a?b", "/ü", "/a\n"],
)
def test_a_sub_path_of_other_characters_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="PUZZLECAM_ROOT_PATH: a sub-path looks like /studio"):
        Settings.load({"PUZZLECAM_ROOT_PATH": text})


@pytest.mark.parametrize("text", ["/lab", "/api/studio", "/ui"])
def test_a_sub_path_that_the_studio_itself_uses_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="addresses of the studio itself"):
        Settings.load({"PUZZLECAM_ROOT_PATH": text})


def test_an_access_key_is_never_shown() -> None:
    settings = Settings.load({"PUZZLECAM_ACCESS_KEY": "correct horse"})
    assert "correct horse" not in repr(settings)

    with pytest.raises(UsageError) as caught:
        Settings.load({"PUZZLECAM_ACCESS_KEY": "horse"})
    assert "horse" not in str(caught.value)


def test_settings_are_frozen_and_refuse_unknown_names() -> None:
    settings = Settings.load({})

    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Settings.model_validate({"prot": 1})


def test_every_setting_is_described() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]

    assert undescribed == []


def test_variables_are_named_after_the_field() -> None:
    assert environment_variable("import_roots") == "PUZZLECAM_IMPORT_ROOTS"


def test_the_database_is_sqlite_in_the_workspace_unless_a_url_is_set(tmp_path: Path) -> None:
    default = Settings.load({}, workspace=tmp_path)
    other = Settings.load({"PUZZLECAM_DATABASE_URL": "postgresql://db/masks"}, workspace=tmp_path)

    assert default.resolve_database_url().startswith("sqlite:///")
    assert default.resolve_database_url().endswith("puzzlecam.sqlite3")
    assert other.resolve_database_url() == "postgresql://db/masks"


def test_preparing_a_workspace_makes_folders_and_no_file(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "studies").prepare()

    made = list((tmp_path / "studies").rglob("*"))
    assert workspace.cams_dir in made
    assert all(path.is_dir() for path in made)
    assert workspace.prepare() == workspace


def test_a_workspace_that_is_a_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(UserError, match="--workspace"):
        Workspace(tmp_path / "taken").prepare()


def test_a_workspace_without_permission_to_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pretended, because root may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(UserError, match="no permission to write"):
        Workspace(tmp_path).prepare()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, False),
        ({"host": "0.0.0.0"}, True),
        ({"public_names": "masks.example.org"}, True),
        ({"host": "0.0.0.0", "access_key": "open sesame"}, False),
        ({"host": "0.0.0.0", "access": "key"}, False),
        ({"access": "accounts"}, True),
        ({"access": "accounts", "access_key": "open sesame"}, True),
    ],
)
def test_people_have_accounts_where_others_can_reach_the_studio(
    flags: dict[str, str], expected: bool
) -> None:
    assert Settings.load({}, **flags).has_accounts is expected
