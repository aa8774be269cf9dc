"""One measuring process runs at a time; the newest question ends the older one."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.runs import estimating
from puzzlecam_app.runs.estimating import Measuring
from tests.puzzlecam_app.runs.helpers import is_alive, wait_until
from trainer.recipes import load_recipe

ESTIMATE = {"seconds": {}, "total_s": 1.0, "memory_mb": 1, "device": "A fake device."}
PROGRAM = """
import os, sys, time
folder, pictures, answer = sys.argv[1:4]
open(f"{folder}/{pictures}.new", "w").write(str(os.getpid()))
os.rename(f"{folder}/{pictures}.new", f"{folder}/{pictures}")
if pictures != "3":
    time.sleep(600)
print(answer)
"""


def test_a_newer_question_ends_the_process_of_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = estimating._output

    def output(command: list[str], environment: dict[str, str], cancelled: threading.Event) -> str:
        program = [sys.executable, "-c", PROGRAM, str(tmp_path), command[5], json.dumps(ESTIMATE)]
        return real(program, environment, cancelled)

    monkeypatch.setattr(estimating, "_output", output)
    measuring, recipe = Measuring(), load_recipe("tiny")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(measuring, recipe, 1, None)
        wait_until((tmp_path / "1").exists)
        second = pool.submit(measuring, recipe, 2, None)
        wait_until((tmp_path / "2").exists)
        assert not is_alive(int((tmp_path / "1").read_text())), "one at a time"
        assert measuring(recipe, 3, None)["total_s"] == 1.0
        for older in (first, second):
            with pytest.raises(UserError, match="newer estimate"):
                older.result()
    assert not any(psutil.pid_exists(int((tmp_path / name).read_text())) for name in "123")
