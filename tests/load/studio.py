"""Studios for a bench: pictures, a database, and one or more processes that serve them on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
_TAGS = ("cat", "dog", "sofa", "car")
_START_S = 180


def make_pictures(folder: Path, count: int, size: tuple[int, int]) -> Path:
    """Draw `count` pictures of `size` (width, height); returns the list of their tags."""
    folder.mkdir()
    lines = ["image,tags"]
    for number in range(count):
        chance = np.random.default_rng(number)
        small = Image.fromarray(chance.integers(0, 255, (12, 16, 3), np.uint8))
        small.resize(size, Image.Resampling.BICUBIC).save(folder / f"{number:05}.jpg", quality=85)
        lines.append(f"{number:05}.jpg,{_TAGS[number % len(_TAGS)]}")
    listed = folder.with_name("tags.csv")
    listed.write_text("\n".join(lines), encoding="utf-8")
    return listed


def command(workspace: Path, database_url: str | None, *arguments: str) -> None:
    """Run a command of the studio and wait for it."""
    subprocess.run(
        [sys.executable, "-m", "puzzlecam_app", *arguments],
        cwd=ROOT,
        env=_environment(workspace, database_url),
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def serving(workspace: Path, database_url: str | None, count: int) -> Iterator[tuple[list[str], list[int]]]:
    """Start studios that share a workspace and a database; gives their addresses and process ids."""
    ports = [_free_port() for _ in range(count)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "puzzlecam_app", "app", "--port", str(port), "--no-browser"],
            cwd=ROOT,
            env=_environment(workspace, database_url),
            stdout=subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        for url, process in zip(urls, processes, strict=True):
            _wait_for(url, process)
        yield urls, [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)


def memory_mb(pids: list[int]) -> float:
    """Resident memory of the processes together."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 2**20


def _environment(workspace: Path, database_url: str | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PUZZLECAM_")}
    kept |= {"PUZZLECAM_WORKSPACE": str(workspace), "PUZZLECAM_WORKER": "false", "PYTHONPATH": str(ROOT)}
    return kept | ({"PUZZLECAM_DATABASE_URL": database_url} if database_url else {})


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the studio ended with exit code {process.returncode}")
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{url}/api/health", timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"the studio at {url} did not start within {_START_S} seconds")
