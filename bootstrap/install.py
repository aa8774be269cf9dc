"""Installs what the virtual environment needs, and records that everything is there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from bootstrap.diagnosis import COMFORTABLE_FREE_GB, SetupError, explain_crf, explain_pip
from bootstrap.progress import Step
from bootstrap.virtualenv import VirtualEnv

LEAST_FREE_GB = 2


class CrfRecord(TypedDict):
    """Whether the dense CRF was installed, and if not, why."""

    installed: bool
    reason: str


class Stamp(TypedDict):
    """The record of a finished set-up."""

    fingerprint: str
    extras: list[str]
    crf: CrfRecord


def stamp_path(venv: VirtualEnv) -> Path:
    """Return the path of the record; `puzzlecam doctor` reads it too."""
    return venv.folder / "puzzlecam-setup.json"


def read_stamp(venv: VirtualEnv) -> Stamp | None:
    """Return the record of the last set-up that finished, or `None`."""
    with contextlib.suppress(OSError, ValueError):
        stamp: Stamp = json.loads(stamp_path(venv).read_text(encoding="utf-8"))
        return stamp
    return None


def _write_stamp(venv: VirtualEnv, stamp: Stamp) -> None:
    unfinished = stamp_path(venv).with_suffix(".tmp")
    unfinished.write_text(json.dumps(stamp, indent=2), encoding="utf-8")
    unfinished.replace(stamp_path(venv))


def fingerprint(root: Path, python_version: str) -> str:
    """Identify what should be installed; a change of the requirements or of Python changes it."""
    digest = hashlib.sha256(python_version.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_ready(venv: VirtualEnv, extras: set[str], *, retry_crf: bool = False) -> bool:
    """Return whether there is nothing left to install."""
    stamp = read_stamp(venv)
    if stamp is None or not extras <= set(stamp["extras"]) or (retry_crf and not stamp["crf"]["installed"]):
        return False
    version = venv.version()
    return version is not None and stamp["fingerprint"] == fingerprint(venv.root, version)


def set_up(venv: VirtualEnv, extras: set[str], *, retry_crf: bool = False) -> None:
    """Install what `venv` lacks, continuing where an earlier set-up stopped.

    Args:
        venv: The environment, which need not exist.
        extras: Optional dependencies of pyproject.toml that are needed; earlier ones are kept.
        retry_crf: Whether to build the CRF again if that failed before.

    Raises:
        SetupError: A person has to fix something first.
    """
    if is_ready(venv, extras, retry_crf=retry_crf):
        return
    with _one_at_a_time(venv):
        if is_ready(venv, extras, retry_crf=retry_crf):
            return
        earlier = read_stamp(venv)
        extras = extras | set(earlier["extras"] if earlier else ())
        _check_disk(venv)
        if venv.version() is None:
            with Step("Creating .venv"):
                venv.make()
        stamp_path(venv).unlink(missing_ok=True)
        venv.discard_torn_packages()
        _install_packages(venv, extras)
        _replace_opencv_without_display(venv)
        crf = _install_crf(venv)
        installed = fingerprint(venv.root, venv.version() or "")
        _write_stamp(venv, {"fingerprint": installed, "extras": sorted(extras), "crf": crf})


@contextlib.contextmanager
def _one_at_a_time(venv: VirtualEnv) -> Iterator[None]:
    """Make a second set-up of the same folder wait for the first."""
    try:
        import fcntl
    except ImportError:  # Windows, where users must not start two set-ups at once
        yield
        return
    with (venv.root / "pyproject.toml").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another set-up of this folder is running; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_disk(venv: VirtualEnv) -> None:
    free_gb = shutil.disk_usage(venv.root).free / 1e9
    if free_gb < LEAST_FREE_GB:
        raise SetupError(
            f"The disk is nearly full: {free_gb:.1f} GB are free at {venv.root}, and the set-up takes up to "
            f"{COMFORTABLE_FREE_GB} GB. Free some space, then start again."
        )
    if free_gb < COMFORTABLE_FREE_GB and not venv.count_packages():
        print(f"Only {free_gb:.1f} GB are free; the set-up may take up to {COMFORTABLE_FREE_GB} GB.")


def _pip_install(venv: VirtualEnv, *arguments: str) -> list[str]:
    pip = [str(venv.python), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    return [*pip, "--constraint", str(venv.root / "constraints.txt"), *arguments]


def _install_packages(venv: VirtualEnv, extras: set[str]) -> None:
    project = f".[{','.join(sorted(extras))}]" if extras else "."
    with Step("Installing packages (the first time takes some minutes)") as step:
        code, output = venv.run(_pip_install(venv, "--editable", project), step)
        if code != 0:
            raise SetupError(explain_pip(output, venv))


def _replace_opencv_without_display(venv: VirtualEnv) -> None:
    """Replace OpenCV by its build without windows if the system has no display libraries (bare servers)."""
    answer = venv.ask("import cv2")
    missing = re.search(r"(lib\S+): cannot open shared object file", answer.stderr)
    if answer.returncode != 0 and missing:
        with Step(f"Installing OpenCV without windows, as this system has no {missing[1]}") as step:
            version = venv.ask("from importlib.metadata import version; print(version('opencv-python'))")
            # They share the folder cv2, so removing either one removes files of the other.
            pip = [str(venv.python), "-m", "pip", "uninstall", "--yes"]
            venv.run([*pip, "opencv-python", "opencv-python-headless"], step)
            headless = f"opencv-python-headless=={version.stdout.strip()}"
            code, output = venv.run(_pip_install(venv, "--no-deps", headless), step)
            if code != 0:
                raise SetupError(explain_pip(output, venv))
        answer = venv.ask("import cv2")
    if answer.returncode != 0:
        reason = answer.stderr.strip().rpartition("\n")[2]
        raise SetupError(
            f"OpenCV cannot be loaded ({reason}): install the missing library, then start again."
        )


def _install_crf(venv: VirtualEnv) -> CrfRecord:
    """Build the dense CRF, which the studio does not strictly need."""
    project = tomllib.loads((venv.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with Step("Building the dense CRF (optional)") as step:
        _, output = venv.run(_pip_install(venv, *project["optional-dependencies"]["crf"]), step)
    if venv.ask("import pydensecrf.densecrf").returncode == 0:
        return {"installed": True, "reason": ""}
    reason = explain_crf(output, venv)
    print(f"The dense CRF is off because {reason}. Without it, masks follow edges less closely.")
    return {"installed": False, "reason": reason}
