"""The documentation says what the program does: commands, options, settings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from puzzlecam_app.cli import commands
from puzzlecam_app.settings import Settings, environment_variable

ROOT = Path(__file__).resolve().parent.parent
COMMANDS_MD = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "THIRD_PARTY_LICENSES.md", *(ROOT / "docs").rglob("*.md")])


def leaf_commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaf_commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


LEAVES = dict(leaf_commands(typer.main.get_command(commands)))


def section(command: str) -> str:
    """Return the part of commands.md about `command`, and the part about every command with a workspace."""
    parts = dict(re.findall(r"^## `?([^`\n]+?)`?\n(.*?)(?=^## |\Z)", COMMANDS_MD, re.DOTALL | re.MULTILINE))
    has_workspace = any("--workspace" in parameter.opts for parameter in LEAVES[command].params)
    return parts.get(command, "") + (parts["Options of every command"] if has_workspace else "")


@pytest.mark.parametrize("command", LEAVES)
def test_every_command_and_option_is_documented(command: str) -> None:
    about = section(command)
    options = [name for one in LEAVES[command].params for name in one.opts if name.startswith("--")]

    assert f"## `{command}`" in COMMANDS_MD
    assert [option for option in options if f"`{option}" not in about] == []


@pytest.mark.parametrize("command", LEAVES)
def test_no_option_is_documented_that_does_not_exist(command: str) -> None:
    exist = {name for one in LEAVES[command].params for name in (*one.opts, *one.secondary_opts)} | {"--help"}

    assert set(re.findall(r"^\| `(--[a-z0-9-]+)", section(command), re.MULTILINE)) <= exist


def test_no_command_is_documented_that_does_not_exist() -> None:
    assert set(re.findall(r"^## `(.+)`$", COMMANDS_MD, re.MULTILINE)) == set(LEAVES)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(field: str) -> None:
    row = re.search(rf"^\| `{environment_variable(field)}` \| (.+?) \|", COMMANDS_MD, re.MULTILINE)
    default = Settings.model_fields[field].default

    assert row is not None
    if default not in (None, (), ""):
        assert row[1].strip("`").lower() == str(default).lower()


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = set(re.findall(r"^\| `(PUZZLECAM_\w+)`", COMMANDS_MD, re.MULTILINE))

    assert documented == {environment_variable(field) for field in Settings.model_fields}


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "python3 launch.py\n" in readme
    assert "python3 launch.py test" in readme


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "\npython3 launch.py test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Return what `#fragment` can name on a page, by the rule of the usual Markdown renderers."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = link.partition("#")
        target = page.parent / path if path else page
        is_there = target.exists() and (not fragment or fragment in anchors(target))
        broken += [] if is_there else [link]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_of_the_project_that_a_page_names_exist(page: Path) -> None:
    rooms = "assets|bootstrap|db|docs|puzzlecam_app|tests|trainer"
    named = re.findall(rf"`((?:{rooms})/[\w./-]*)`", page.read_text(encoding="utf-8"))

    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_measurements_are_results_and_not_a_diary() -> None:
    words = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").split()

    assert len(words) <= 2500, "Move what is older, or was tried and dropped, to docs/research-log.md."


def test_every_measurement_names_its_command_commit_and_date() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    measured = {title: body for title, body in sections if title != "What it reaches"}

    assert measured
    for title, body in measured.items():
        assert re.search(r"python3? \S", body), f"{title}: which command repeats it?"
        assert re.search(r"commits? [0-9a-f]{7}\b.*?\d{4}-\d\d-\d\d", body, re.DOTALL), (
            f"{title}: which commit?"
        )
