"""Explains what went wrong with a set-up and what to do about it, in one sentence."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Protocol

# On Linux, torch includes the CUDA libraries: 7 GB in total. On other systems it is far less.
COMFORTABLE_FREE_GB = 8 if sys.platform == "linux" else 3


class Environment(Protocol):
    """The virtual environment that is being set up."""

    @property
    def folder(self) -> Path:
        """Its folder."""

    @property
    def log_path(self) -> Path:
        """The complete output of all set-ups."""


class SetupError(Exception):
    """The set-up cannot continue; the message says why and what to do."""


_DISK_FULL = re.compile(r"No space left on device|Errno 28|not enough space on the disk|Disk quota exceeded")
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED")
_NETWORK = re.compile(
    r"name resolution|getaddrinfo failed|nodename nor servname|Network is unreachable|No route to host"
    r"|Failed to establish a new connection|NewConnectionError|ConnectTimeoutError|ReadTimeoutError"
    r"|ProxyError|Connection (?:refused|reset|aborted|broken)"
)
_NO_VERSION = re.compile(r"(?:satisfies the requirement|No matching distribution found for) ([^\s;]+)")
_PERMISSION = re.compile(r"Permission denied|Access is denied|Read-only file system")
_ERROR_LINE = re.compile(r"^\s*(error\b.*)$", re.IGNORECASE | re.MULTILINE)


def explain_pip(output: str, venv: Environment) -> str:
    """Return what stopped a set-up and what to do, from the output of pip or the text of an `OSError`."""
    # The order matters: pip also reports a lost connection as "no matching distribution".
    if _DISK_FULL.search(output):
        return (
            f"The disk is full: free about {COMFORTABLE_FREE_GB} GB on the disks of {venv.folder} and "
            f"{tempfile.gettempdir()} (TMPDIR can replace the second folder), then start again."
        )
    if _CERTIFICATE.search(output):
        return (
            "The certificate of the package index is not trusted: set PIP_CERT to your organisation's "
            "certificate file, then start again."
        )
    if _NETWORK.search(output):
        return (
            "The package index cannot be reached: check the network, or set HTTPS_PROXY to your proxy, "
            "then start again to continue."
        )
    if match := _NO_VERSION.search(output):
        return (
            f"The package index has no {match[1]} for Python {sys.version_info[0]}.{sys.version_info[1]} on "
            "this machine: start launch.py with another Python, 3.11 to 3.14, or check pip's settings."
        )
    if _PERMISSION.search(output):
        return f"{venv.folder} cannot be written: start again as the user who owns it."
    errors = _ERROR_LINE.findall(output)
    reason = errors[-1] if errors else output.strip().rpartition("\n")[2] or "no reason was given"
    return f"The set-up failed ({reason}): read {venv.log_path}, then start again."


def explain_crf(output: str, venv: Environment) -> str:
    """Return why the dense CRF could not be built, as part of a sentence, from pip's output."""
    compilers = (os.environ.get("CXX"), "c++", "g++", "clang++", "cl")
    if "Python.h" in output:
        return "the headers of Python are missing (Debian and Ubuntu: `sudo apt install python3-dev`)"
    if "Visual C++" in output or not any(name and shutil.which(name) for name in compilers):
        return "there is no C++ compiler (Debian and Ubuntu: `sudo apt install g++`)"
    if _NETWORK.search(output):
        return "the package index could not be reached"
    return f"it could not be built (see {venv.log_path})"
