"""`pip install .` gives the same product: what the wheel carries, what it needs, under which licences."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path, **environ: str) -> str:
    """Run a command outside the checkout and return what it printed."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    answer = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", *options, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment with the wheel in it and the dependencies of this one."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    options = ("--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=home)
    purelib = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip()
    )
    # A path file inside a folder named by a path file is not read, so an editable checkout stays unseen.
    (purelib / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return scripts


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_everything_that_is_shipped_and_is_not_python(wheel: Path) -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "assets").rglob("*") if path.is_file()]
    shipped = names_in(wheel)

    assert files
    assert [name for name in files if f"puzzlecam_app/{name}" not in shipped] == []
    assert "db/migrations/script.py.mako" in shipped
    assert any(re.fullmatch(r"db/migrations/versions/\w+\.py", name) for name in shipped)


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    roots = {name.split("/")[0] for name in names_in(wheel)}

    assert {root for root in roots if not root.endswith(".dist-info")} == {"puzzlecam_app", "trainer", "db"}


def test_the_wheel_carries_its_licence_and_those_of_others(wheel: Path) -> None:
    licences = {name.rsplit("/", 1)[-1] for name in names_in(wheel) if "/licenses/" in name}

    assert licences == {"LICENSE", "THIRD_PARTY_LICENSES.md"}


def test_the_wheel_states_its_licence_and_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        fields = Parser().parsestr(archive.read(metadata).decode())

    assert fields["License-Expression"] == "Apache-2.0"
    assert fields["Requires-Python"] == ">=3.11"
    assert {"crf", "postgresql", "dev"} <= set(fields.get_all("Provides-Extra"))


@pytest.mark.slow
def test_the_command_of_the_wheel_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    puzzlecam = installed / "puzzlecam"

    assert "Usage: puzzlecam" in run(puzzlecam, "--help", cwd=tmp_path)
    code = "import puzzlecam_app, db, trainer; print(puzzlecam_app.__file__, db.__file__, trainer.__file__)"
    for file in run(installed / "python", "-c", code, cwd=tmp_path).split():
        assert Path(file).is_relative_to(installed.parent)


@pytest.mark.slow
def test_the_wheel_prepares_a_workspace_and_finds_nothing_that_fails(installed: Path, tmp_path: Path) -> None:
    """Needs the sample manifest, the table of classes and the migrations out of the wheel."""
    workspace = {"PUZZLECAM_WORKSPACE": str(tmp_path / "workspace")}

    run(installed / "puzzlecam", "setup", cwd=tmp_path, **workspace)

    report = json.loads(run(installed / "puzzlecam", "doctor", "--json", cwd=tmp_path, **workspace))
    assert report["level"] != "fail", report
    (dataset,) = json.loads(
        run(installed / "puzzlecam", "dataset", "list", "--json", cwd=tmp_path, **workspace)
    )
    assert dataset["pictures"] > 0


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements() -> list[Requirement]:
    extras = project()["optional-dependencies"].values()
    return [
        Requirement(one) for one in [*project()["dependencies"], *(one for extra in extras for one in extra)]
    ]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_direct_dependency_is_pinned_within_its_range(requirement: Requirement) -> None:
    tested = {canonicalize_name(name): version for name, version in pins().items()}

    assert requirement.specifier.contains(tested[canonicalize_name(requirement.name)])


def test_pins_name_no_place_and_no_library_that_torch_chooses() -> None:
    for name in pins():
        assert re.fullmatch(r"[\w.-]+", name)
        assert not name.startswith(("nvidia", "cuda", "triton"))


def test_every_pinned_package_has_its_licence_listed() -> None:
    listing = (ROOT / "THIRD_PARTY_LICENSES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| (\S.*?) \|", listing, re.MULTILINE)
    listed = {canonicalize_name(name) for name, _ in rows}

    assert {name for name in pins() if canonicalize_name(name) not in listed} == set()


def test_direct_dependencies_are_marked_as_such_in_the_list_of_licences() -> None:
    listing = (ROOT / "THIRD_PARTY_LICENSES.md").read_text(encoding="utf-8")
    marked = re.findall(r"^\| ([\w.-]+) \| .+ \| (?:yes|extra `\w+`) \|$", listing, re.MULTILINE)

    assert {canonicalize_name(name) for name in marked} == {
        canonicalize_name(one.name) for one in requirements()
    }


def test_the_photographs_of_the_sample_project_are_in_the_list_of_licences() -> None:
    listing = (ROOT / "THIRD_PARTY_LICENSES.md").read_text(encoding="utf-8").partition("## Photographs")[2]
    manifest = tomllib.loads((ROOT / "assets" / "sample" / "manifest.toml").read_text(encoding="utf-8"))

    missing = [one["title"] for one in manifest["pictures"] if f"| {one['title']} |" not in listing]
    assert missing == []
