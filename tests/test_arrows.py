"""Who may import whom, and how long a file may be: docs/design.md."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 450
PRODUCT = ("db", "trainer", "puzzlecam_app")
FORBIDDEN = {
    "trainer": {
        "db",
        "puzzlecam_app",
        "bootstrap",
        "gradio",
        "fastapi",
        "starlette",
        "uvicorn",
        "sqlalchemy",
    },
    "db": {"trainer", "puzzlecam_app", "bootstrap", "torch", "torchvision", "timm", "gradio", "fastapi"},
    "puzzlecam_app": {"bootstrap"},
}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_by(file: Path) -> Iterator[str]:
    """Yield the top-level names a file imports, also inside functions and for type checking."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("package", PRODUCT)
def test_packages_import_only_in_the_direction_of_the_arrows(package: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files(package)
        for name in set(imported_by(file)) & FORBIDDEN[package]
    ]

    assert wrong == []


def test_no_file_is_longer_than_a_room() -> None:
    files = [*python_files(*PRODUCT, "bootstrap", "tests"), ROOT / "launch.py"]
    files += [path for suffix in ("*.js", "*.css") for path in (ROOT / "assets").rglob(suffix)]

    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in files}

    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


def test_every_import_of_the_product_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    requirements = project["dependencies"] + [one for name in extras if name != "dev" for one in extras[name]]
    declared = {canonicalize_name(Requirement(requirement).name) for requirement in requirements}
    # The headless build brings the same module, see bootstrap.install.
    declared.add("opencv-python-headless")
    distributions = packages_distributions()

    undeclared = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files(*PRODUCT)
        for name in set(imported_by(file)) - sys.stdlib_module_names - set(PRODUCT)
        if not declared & {canonicalize_name(one) for one in distributions.get(name, [name])}
    }

    assert undeclared == set()
