"""Set up and start the Puzzle-CAM annotation studio; needs only Python.

python3 launch.py [options]          set up what is missing, start the studio, open the browser
python3 launch.py setup [options]    set up and prepare the workspace, without starting anything
python3 launch.py test [arguments]   set up what tests need, then run all tests, or pytest with arguments
python3 launch.py doctor             report what works on this machine and what does not
python3 launch.py COMMAND --help     help for all other commands: dataset, propose, export, run, ...
"""

import shutil
import sys

# This file uses only the syntax of Python 3.6, so that an old Python can print this sentence.
if sys.version_info < (3, 11):
    _newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if shutil.which(name)]
    sys.exit(
        "Python 3.11 or newer is needed, but this is {}.{}: {}.".format(
            sys.version_info[0],
            sys.version_info[1],
            f"run `{_newer[0]} launch.py`" if _newer else "install it from python.org or as a system package",
        )
    )

import contextlib
import os
import subprocess
from pathlib import Path

from bootstrap.chromium import install_chromium
from bootstrap.diagnosis import SetupError, explain_pip
from bootstrap.install import read_stamp, set_up
from bootstrap.javascript_tools import install_javascript_tools
from bootstrap.virtualenv import VirtualEnv
from puzzlecam_app.chromium import ChromiumError, find_chromium

ROOT = Path(__file__).resolve().parent
MOST_TEST_PROCESSES = 4  # each loads torch


def hand_over(venv: VirtualEnv, *arguments: str) -> int:
    """Continue with the Python of the virtual environment; return its exit code if it is a child process.

    `-P` keeps the current folder off the import path, because a folder named `db` in it would hide ours.
    """
    command = [str(venv.python), "-P", *arguments]
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606
    with subprocess.Popen(command) as process:
        while True:
            # Ctrl+C reaches the child as well, which then ends by itself.
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def in_processes(count: int) -> list[str]:
    """Arguments of pytest that spread all tests over processes."""
    # tests/conftest.py says which tests stay together, and which begin.
    return ["-n", str(count), "--dist=loadscope", "--no-loadscope-reorder"]


def run(arguments: list[str], venv: VirtualEnv) -> int:
    """Run one command and return its exit code: 0 good, 1 failed, 2 wrong use.

    Raises:
        SetupError: A person has to fix something before the set-up can continue.
    """
    command = arguments[0] if arguments else "app"
    if command in ("-h", "--help") and not read_stamp(venv):
        print(__doc__)
        return 0
    if command == "test":
        set_up(venv, {"dev", "postgresql"})
        install_javascript_tools(venv)
        os.environ["PUZZLECAM_CHROMIUM"] = find_chromium() or install_chromium(venv)
        os.chdir(ROOT)
        # At least two: one of them drives a browser, and waits for it now and then.
        processes = min(max(os.cpu_count() or 1, 2), MOST_TEST_PROCESSES)
        return hand_over(venv, "-m", "pytest", *(arguments[1:] or in_processes(processes)))
    set_up(venv, set(), retry_crf=command == "setup")
    os.environ["PUZZLECAM_PROGRAM"] = "launch.py"
    return hand_over(venv, "-m", "puzzlecam_app", *arguments)


def main(arguments: list[str]) -> int:
    """Run one command; problems that a person can fix are printed as one sentence."""
    venv = VirtualEnv(ROOT)
    try:
        return run(arguments, venv)
    except (SetupError, ChromiumError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(explain_pip(str(error), venv), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; start again to continue.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
