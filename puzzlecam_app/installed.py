"""Which packages are installed, required and tested."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DISTRIBUTION = "puzzlecam-studio"
_CHECKOUT = Path(__file__).resolve().parent.parent
# Builds of one library that replace each other; launch.py swaps them on machines without a display.
_STAND_INS = {"opencv-python": "opencv-python-headless"}


@dataclass(frozen=True)
class Package:
    """A direct dependency: `required` is its range, `tested` the version in constraints.txt, if known."""

    name: str
    required: str
    installed: str | None
    tested: str | None

    @property
    def is_usable(self) -> bool:
        """Whether it is there, in a version that should work."""
        return self.installed is not None and Requirement(f"x{self.required}").specifier.contains(
            self.installed, prereleases=True
        )

    @property
    def is_tested(self) -> bool:
        """Whether it is the version that was tested; a local build such as `+cpu` is the same version."""
        return self.tested is None or (self.installed or "").partition("+")[0] == self.tested


def direct_packages() -> list[Package]:
    """Return the direct dependencies, without those of extras."""
    tested = _constraints()
    packages = []
    for requirement in map(Requirement, _requirements()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            name = canonicalize_name(requirement.name)
            packages.append(Package(name, str(requirement.specifier), _version(name), tested.get(name)))
    return packages


def crf_setback() -> str | None:
    """Return why `launch.py` could not install the dense CRF; None if it did not fail or did not try."""
    try:
        stamp = json.loads((Path(sys.prefix) / "puzzlecam-setup.json").read_text(encoding="utf-8"))
        return stamp["crf"]["reason"] or None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _requirements() -> list[str]:
    """Return the requirements of the installed program, or of the checkout where it is not installed."""
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        project = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return list(project["dependencies"])


def _constraints() -> dict[str, str]:
    """Return the tested versions by canonical name; empty where there is no checkout."""
    try:
        lines = (_CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pins = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): pin.strip() for name, pin in pins}


def _version(name: str) -> str | None:
    for candidate in (name, _STAND_INS.get(name)):
        if candidate is not None:
            try:
                return version(candidate)
            except PackageNotFoundError:
                continue
    return None
