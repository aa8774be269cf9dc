"""Programs that formats belong to, installed apart from the environment in use.

`python -m tests.format_oracles FOLDER [NAME ...]` installs them. Each gets a folder of its own without its
dependencies, except the small ones that the called part imports; NumPy, Pillow, pandas and pyarrow come from
the environment of the tests. Tests find the oracles by the variable PUZZLECAM_FORMAT_ORACLES, which names
FOLDER, and are skipped without it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = "PUZZLECAM_FORMAT_ORACLES"
ORACLES = {
    # pyarrow comes from the environment.
    "datasets": ("datasets==5.2.0", "dill==0.4.1", "multiprocess==0.70.19", "xxhash==4.1.0"),
    "datumaro": (
        "datumaro==1.13.12",
        "attrs==26.1.0",
        "imagesize==2.0.1",
        "json-stream==2.5.1",
        "json-stream-rs-tokenizer==0.5.4",
        "lxml==6.1.3",
        "shapely==2.2.0",
    ),
    "label-studio-sdk": ("label-studio-sdk==2.1.2",),
    # Version 6 imports Qt and onnxruntime with its shapes.
    "labelme": ("labelme==5.10.1", "loguru==0.7.3"),
    # Its reader of event files needs no server.
    "tensorboard": ("tensorboard==2.21.0", "absl-py==2.5.1"),
}
"""What is installed for each oracle."""

LONGEST_S = 60
_MISSING = 77


def ask(oracle: str, imports: str, script: str, *arguments: object) -> Any:
    """Run `imports` and then `script` with `oracle` installed; returns the JSON that the script prints last.

    The test is skipped if the oracle is not installed or `imports` fails.
    """
    import pytest  # not needed to install oracles

    folder = Path(os.environ.get(FOLDER, "")) / oracle
    if FOLDER not in os.environ or not folder.is_dir():
        pytest.skip(f"{oracle} is not installed; python -m tests.format_oracles FOLDER installs it")
    guarded = "".join(f"    {line}\n" for line in imports.strip().splitlines())
    head = f"import sys\ntry:\n{guarded}except ImportError as problem:\n"
    head += f"    print(problem)\n    sys.exit({_MISSING})\n"
    found = subprocess.run(
        [sys.executable, "-c", head + script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
    )
    if found.returncode == _MISSING:
        pytest.skip(f"{oracle} cannot be imported: {found.stdout.strip()}")
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout.splitlines()[-1])


def install(folder: Path, names: Iterable[str] = ORACLES) -> list[str]:
    """Install those of `names` that are missing in `folder`; returns those that could not be installed."""
    missing = [name for name in names if not (folder / name).is_dir()]
    if not missing:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    with tempfile.TemporaryDirectory(dir=folder) as work:
        venv.create(Path(work) / "pip", with_pip=True)
        for name in missing:
            place = Path(work) / name
            command = [Path(work) / "pip/bin/python", "-m", "pip", "install", "--quiet", "--no-deps"]
            command += ["--no-compile", "--only-binary=:all:", "--target", place]
            try:
                subprocess.run([*command, *ORACLES[name]], check=True, timeout=LONGEST_S)
                place.rename(folder / name)
            except (subprocess.SubprocessError, OSError):
                failed.append(name)
    return failed


if __name__ == "__main__":
    for name in install(Path(sys.argv[1]), sys.argv[2:] or ORACLES):
        print(f"{name} cannot be installed; its tests are skipped.", file=sys.stderr)
