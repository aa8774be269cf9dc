"""Pictures on all cores: the same results in the same order."""

import functools
import os
import sys
import time

import pytest

from tests import warm
from trainer.machine.image_pool import map_images


def _shifted(step, value):
    return value + step, os.getpid()


def test_few_items_stay_in_this_process():
    assert list(map_images(functools.partial(_shifted, 1), [1, 2, 3], total=3, workers=8)) == [
        (2, os.getpid()),
        (3, os.getpid()),
        (4, os.getpid()),
    ]


PROGRAM = """
import os, signal, sys, time
from trainer.machine.image_pool import map_images
from trainer.machine.start_method import WorkerEndedError
def work(value):
    if value == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    print(os.getpid(), file=sys.stderr, flush=True)
    time.sleep(float(sys.argv[2]))
    return value * value, os.getpid()
if __name__ == "__main__":
    try:
        results = list(map_images(work, (value for value in range(24)), total=24, workers=2))
    except WorkerEndedError as error:
        sys.exit(str(error))
    values, workers = zip(*results)
    assert values == tuple(value * value for value in range(24)), values
    assert os.getpid() not in workers
"""


def _start(tmp_path, *arguments):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    with (tmp_path / "errors").open("w") as written:
        return warm.start([script, *arguments], stderr=written)


def _errors(tmp_path):
    return (tmp_path / "errors").read_text()


@pytest.mark.slow
def test_many_items_are_shared_among_workers_in_order(tmp_path):
    process = _start(tmp_path, "-1", "0.01")
    assert process.wait(timeout=120) == 0, _errors(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_killed_worker_is_an_error_for_people(tmp_path):
    process = _start(tmp_path, "13", "0.0")
    assert process.wait(timeout=120) == 1
    assert "memory ran out" in _errors(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_workers_end_with_a_killed_parent(tmp_path):
    process = _start(tmp_path, "-1", "30")
    deadline = time.monotonic() + 120
    while not (said := _errors(tmp_path)).count("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker = int(said.splitlines()[0])
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent")
