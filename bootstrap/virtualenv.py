"""The virtual environment beside `launch.py`: creating, querying and repairing it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap.diagnosis import SetupError, explain_pip
from bootstrap.progress import Step, describe_pip_line


@dataclass(frozen=True)
class VirtualEnv:
    """The `.venv` of the project folder `root`, whether it exists yet or not."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder of the environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The Python interpreter in the environment."""
        return self.folder / "Scripts" / "python.exe" if os.name == "nt" else self.folder / "bin" / "python"

    @property
    def log_path(self) -> Path:
        """The complete output of all set-ups."""
        return self.folder / "setup.log"

    @property
    def site_packages(self) -> list[Path]:
        """The folders that packages are installed into; empty if there is no environment yet."""
        return list(
            self.folder.glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages")
        )

    def count_packages(self) -> int:
        """Return how many packages are installed."""
        return sum(1 for folder in self.site_packages for _ in folder.glob("*.dist-info"))

    def ask(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run `code` in the environment and return what it printed."""
        return subprocess.run([self.python, "-I", "-c", code], capture_output=True, text=True, check=False)

    def version(self) -> str | None:
        """Return the Python version ("3.11") of an environment that works, else `None`."""
        with contextlib.suppress(OSError):
            answer = self.ask("import sys, pip; print('%d.%d' % sys.version_info[:2])")
            if answer.returncode == 0:
                return answer.stdout.strip()
        return None

    def make(self) -> None:
        """Create the environment, replacing what is left of a broken one.

        Raises:
            SetupError: This Python cannot create one, or the folder cannot be written.
        """
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
            raise SetupError(
                "This Python cannot create virtual environments: install the missing part "
                "(Debian and Ubuntu: `sudo apt install python3-venv`), then start again."
            )
        # The base interpreter, because --clear deletes that of the environment.
        python = getattr(sys, "_base_executable", None) or sys.executable
        answer = subprocess.run(
            [python, "-m", "venv", "--clear", self.folder], capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            raise SetupError(explain_pip(answer.stdout + answer.stderr, self))

    def discard_torn_packages(self) -> None:
        """Remove packages whose installation was interrupted, so that pip installs them again.

        pip writes RECORD last, but considers a package installed as soon as its METADATA exists.
        """
        for folder in self.site_packages:
            for info in folder.glob("*.dist-info"):
                if not (info / "RECORD").exists():
                    shutil.rmtree(info)
            for half_removed in folder.glob("~*"):
                shutil.rmtree(half_removed, ignore_errors=True)

    def run(self, command: Sequence[str], step: Step) -> tuple[int, str]:
        """Run `command` in `root`, log its output and update `step`; return (exit code, output)."""
        environ = {
            name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")
        }
        # Some distributions make pip install for the user, which would leave the environment empty.
        environ |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        environ |= {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        with (
            self.log_path.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                command,
                cwd=self.root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            print("$", *command, file=log, flush=True)
            lines = _read_in_background(process)
            output: list[str] = []
            detail = "working"
            try:
                while True:
                    with contextlib.suppress(queue.Empty):
                        line = lines.get(timeout=1)
                        if line is None:
                            return process.wait(), "".join(output)
                        output.append(line)
                        log.write(line)
                        detail = describe_pip_line(line) or detail
                    counted = f" ({self.count_packages()} so far)" if detail == "unpacking" else ""
                    step.update(detail + counted)
            except BaseException:
                process.terminate()
                raise


def _read_in_background(process: subprocess.Popen[str]) -> queue.Queue[str | None]:
    """Return a queue that gets every line the process prints, then `None`."""
    lines: queue.Queue[str | None] = queue.Queue()

    def pump() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    return lines
