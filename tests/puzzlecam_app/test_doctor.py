from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from puzzlecam_app import doctor, installed
from puzzlecam_app.chromium import ChromiumError
from puzzlecam_app.cli import main
from puzzlecam_app.doctor import CHECKS, Check, examine, worst_level
from puzzlecam_app.installed import Package
from puzzlecam_app.settings import Settings
from trainer.masks.crf import CrfStatus


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({}, workspace=tmp_path / "workspace")


def test_a_machine_that_passes_the_tests_has_nothing_that_fails(settings: Settings) -> None:
    checks = list(examine(settings))

    assert [check.name for check in checks] == list(CHECKS)
    assert worst_level(checks) != "fail", checks


def test_looking_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    for name in ("workspace", "database", "port"):
        CHECKS[name](settings)

    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_the_same_report_as_json(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"port": CHECKS["port"]})

    assert main(["doctor", "--workspace", str(settings.workspace), "--port", "0", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["level"] == "ok"
    assert report["checks"][0].keys() == {"name", "level", "detail", "remedy"}


def test_the_command_exits_with_1_when_something_failed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Settings) -> Check:
        raise ImportError("no module named torch")

    monkeypatch.setattr(doctor, "CHECKS", {"device": broken})

    assert main(["doctor", "--workspace", str(settings.workspace)]) == 1

    screen = capsys.readouterr().out
    assert "fail  device: ImportError: no module named torch" in screen
    assert "-> Run: python3 launch.py setup" in screen


def test_a_missing_crf_is_a_warning_with_the_reason_of_the_set_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.masks.crf.crf_available", lambda: CrfStatus(False, "cannot be imported"))
    monkeypatch.setattr(doctor, "crf_setback", lambda: "there is no C++ compiler")

    check = CHECKS["dense CRF"](settings)

    assert (check.level, check.detail) == ("warn", "The dense CRF is off because there is no C++ compiler.")


@pytest.mark.parametrize(
    ("package", "level"),
    [
        (Package("timm", ">=1.0", "1.0.31", "1.0.31"), "ok"),
        (Package("timm", ">=1.0", "1.0.31", None), "ok"),
        (Package("torch", ">=2.9", "2.14.1+cpu", "2.14.1"), "ok"),
        (Package("timm", ">=1.0", "1.0.32", "1.0.31"), "warn"),
        (Package("timm", ">=1.0", "0.9", "1.0.31"), "fail"),
        (Package("timm", ">=1.0", None, "1.0.31"), "fail"),
    ],
    ids=["tested", "no pins", "local build", "untested", "too old", "missing"],
)
def test_packages_are_held_against_ranges_and_tested_versions(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, package: Package, level: str
) -> None:
    monkeypatch.setattr(doctor, "direct_packages", lambda: [package])

    check = CHECKS["packages"](settings)

    assert check.level == level
    assert level == "ok" or package.name in check.detail


def test_opencv_without_windows_stands_in_for_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_headless(name: str) -> str:
        if name == "opencv-python":
            raise installed.PackageNotFoundError
        return "5.0.0.93"

    monkeypatch.setattr(installed, "version", only_headless)
    opencv = next(package for package in installed.direct_packages() if package.name == "opencv-python")

    assert opencv.is_usable


def test_a_database_that_was_opened_shows_its_schema(settings: Settings) -> None:
    assert main(["dataset", "list", "--workspace", str(settings.workspace)]) == 0

    check = CHECKS["database"](settings)

    assert check.level == "ok"
    assert "schema 0" in check.detail


def test_a_database_that_cannot_be_opened_fails(tmp_path: Path) -> None:
    settings = Settings.load({}, workspace=tmp_path, database_url="nonsense://here")

    check = CHECKS["database"](settings)

    assert check.level == "fail"
    assert check.remedy is not None
    assert "PUZZLECAM_DATABASE_URL" in check.remedy


def test_a_password_in_the_database_url_is_not_shown(tmp_path: Path) -> None:
    settings = Settings.load({}, database_url=f"sqlite://me:s3cret@/{tmp_path / 'x.sqlite3'}")

    assert "s3cret" not in CHECKS["database"](settings).detail


def test_a_workspace_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    assert CHECKS["workspace"](Settings.load({}, workspace=tmp_path / "taken")).level == "fail"


def test_a_full_disk_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_GB", 1e9)

    assert CHECKS["workspace"](settings).level == "warn"


def test_a_port_that_is_taken_is_a_warning(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings.load({}, workspace=tmp_path, port=taken.getsockname()[1])

        assert CHECKS["port"](settings).level == "warn"


def _none() -> None:
    return None


def _wrong() -> None:
    raise ChromiumError("PUZZLECAM_CHROMIUM names /x, which does not start: change or unset it.")


@pytest.mark.parametrize("find", [_none, _wrong], ids=["none", "wrong name"])
def test_a_missing_chromium_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, find: Callable[[], None]
) -> None:
    monkeypatch.setattr(doctor, "find_chromium", find)

    assert CHECKS["Chromium"](settings).level == "warn"
