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


TRAINER_LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "errors",
        "contract",
        "settings",
        "assets",
        "training_config",
        "classify_config",
        "saliency_config",
        "segment_config",
        "setting_types",
        "config",
        "recipes",
    ),
    ("machine",),
    ("cluster",),
    ("data",),
    ("nn",),
    ("pretrained",),
    ("run",),
    ("cams",),
    ("masks",),
    ("models",),
    ("live",),
    ("interactive",),
    ("training",),
    ("stages", "benchmarks"),
    ("stage_graph", "remote_stage", "pipeline", "estimate"),
    ("reports",),
    ("studies",),
    ("commands",),
    ("cli_options",),
    ("cli_studies",),
    ("cli",),
    ("__main__",),
)
"""Rooms and files of `trainer/`, lowest first: each imports its own layer and those above it in this list."""

NN_ROOMS = {*TRAINER_LAYERS[0], "machine", "nn"}
NN_LIBRARIES = {"numba", "numpy", "segmentation_models_pytorch", "timm", "torch"}
NN_LIBRARIES |= {"__future__", "collections", "concurrent", "copy", "dataclasses", "hashlib"}
NN_LIBRARIES |= {"math", "typing"}
"""All that networks may import: `nn/` works on tensors alone, without datasets, pictures or files."""


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_by(file: Path) -> Iterator[str]:
    """Yield the top-level names a file imports, also inside functions and for type checking."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(*folders: str) -> dict[str, set[str]]:
    """What each module imports of the modules in `folders`, also inside functions and for type checking."""
    files = {module_name(file): file for file in python_files(*folders)}
    graph: dict[str, set[str]] = {}
    for module, file in files.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                submodules = {f"{node.module}.{alias.name}" for alias in node.names}
                named.update(submodules & files.keys() or {node.module or ""})
        graph[module] = (named & files.keys()) - {module}
    return graph


def import_cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Every group of modules that reach each other, found by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    cycles = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in graph[module]:
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            members = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(members) > 1:
                cycles.append(sorted(members))

    for module in graph:
        if module not in order:
            visit(module)
    return cycles


def against_the_layers(graph: dict[str, set[str]], layers: tuple[tuple[str, ...], ...]) -> list[str]:
    """One sentence for each import of `graph` that leads from a layer to a later one."""
    rank = {room: position for position, rooms in enumerate(layers) for room in rooms}
    room_of = {module: module.split(".")[1] for module in graph if "." in module}
    return [
        f"{module} imports {other}: {room_of[module]} must not import {room_of[other]}"
        for module in sorted(room_of)
        for other in sorted(graph[module] & room_of.keys())
        if rank[room_of[other]] > rank[room_of[module]]
    ]


@pytest.mark.parametrize("package", PRODUCT)
def test_packages_import_only_in_the_direction_of_the_arrows(package: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files(package)
        for name in set(imported_by(file)) & FORBIDDEN[package]
    ]

    assert wrong == []


def test_every_room_of_the_trainer_has_a_layer() -> None:
    rooms = {module.split(".")[1] for module in import_graph("trainer") if "." in module}

    assert rooms == {room for layer in TRAINER_LAYERS for room in layer}


def test_the_rooms_of_the_trainer_import_only_in_the_direction_of_the_layers() -> None:
    assert against_the_layers(import_graph("trainer"), TRAINER_LAYERS) == []


def test_networks_import_nothing_that_reads_pictures_or_files() -> None:
    graph = import_graph("trainer")
    networks = [module for module in graph if module.startswith("trainer.nn")]
    rooms = {other.split(".")[1] for module in networks for other in graph[module] if "." in other}
    libraries = {name for file in python_files("trainer/nn") for name in imported_by(file)} - {"trainer"}

    assert rooms - NN_ROOMS == set()
    assert libraries - NN_LIBRARIES == set()


def test_an_import_against_the_layers_is_named() -> None:
    graph = {"trainer.nn.losses": {"trainer.cams.compute"}, "trainer.cams.compute": {"trainer.nn.losses"}}

    assert against_the_layers(graph, TRAINER_LAYERS) == [
        "trainer.nn.losses imports trainer.cams.compute: nn must not import cams"
    ]


def test_no_files_import_each_other() -> None:
    assert import_cycles(import_graph(*PRODUCT, "bootstrap")) == []


def test_a_cycle_of_imports_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}

    assert import_cycles(graph) == [["b", "c"]]


def test_no_file_is_longer_than_a_room() -> None:
    files = [*python_files(*PRODUCT, "bootstrap", "tests"), ROOT / "launch.py"]
    files += [path for suffix in ("*.js", "*.css") for path in (ROOT / "assets").rglob(suffix)]

    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }

    assert {path for path, count in lines.items() if count > MAX_LINES} == set()


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
