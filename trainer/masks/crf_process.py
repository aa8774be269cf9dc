"""Dense CRFs in a process of their own, for programs whose other threads must go on meanwhile.

pydensecrf holds Python's lock for tenths of a second: in the process of a server nothing is answered then.
The other process ends with this one, however it ends: its standard input is a pipe that only this one holds.
A message is a line of JSON and the bytes of an array.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import weakref
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.masks.crf_lattices import Kernels, LocalLattices

_HOME: Final = Path(__file__).resolve().parents[2]
_log = logging.getLogger(__name__)


class CrfProcess:
    """A context manager that makes lattices in another process, started when the first ones are built."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ids = count()
        self._dropped: list[int] = []

    def __enter__(self) -> CrfProcess:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._end()

    def make(self, image_rgb: NDArray[np.uint8], label_count: int, kernels: Kernels) -> _RemoteLattices:
        """Return the CRF of a picture, uint8 (h, w, 3)."""
        return _RemoteLattices(self, next(self._ids), image_rgb, label_count, kernels)

    @property
    def pid(self) -> int | None:
        """Id of the other process; None if it does not run."""
        return None if self._process is None else self._process.pid

    def _ask(
        self, lattices: _RemoteLattices, unary: NDArray[np.float32] | None, iterations: int
    ) -> NDArray[np.float32] | None:
        """Build lattices and, with `unary`, compute their mean field; None without.

        Raises:
            OSError: The other process cannot be started, or ended twice.
        """
        with self._lock:
            try:
                return self._asked(lattices, unary, iterations)
            except (OSError, ValueError):  # it was killed, most often for lack of memory
                self._end()
            try:
                return self._asked(lattices, unary, iterations)
            except (OSError, ValueError):
                self._end()
                raise

    def _asked(
        self, lattices: _RemoteLattices, unary: NDArray[np.float32] | None, iterations: int
    ) -> NDArray[np.float32] | None:
        process = self._process = self._process or self._start()
        sent, received = process.stdin, process.stdout
        if sent is None or received is None:
            raise OSError("the process of CRFs has no pipes")
        dropped, self._dropped = self._dropped, []
        if lattices.built_in != process.pid:
            head = {"build": lattices.id, "labels": lattices.label_count, "kernels": asdict(lattices.kernels)}
            _send(sent, {**head, "drop": dropped}, np.ascontiguousarray(lattices.image_rgb))
            _receive(received)
            lattices.built_in, dropped = process.pid, []
        if unary is None:
            return None
        head = {"ask": lattices.id, "iterations": iterations, "drop": dropped}
        _send(sent, head, np.ascontiguousarray(unary))
        return _receive(received)[1]

    def _start(self) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_HOME), environment.get("PYTHONPATH"))))
        return subprocess.Popen(  # our own program
            [sys.executable, "-P", "-m", "trainer.masks.crf_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()

    def _drop(self, number: int) -> None:
        self._dropped.append(number)


class _RemoteLattices:
    """See `Lattices`. Where the other process cannot do it, this one does."""

    def __init__(
        self, crfs: CrfProcess, number: int, image_rgb: NDArray[np.uint8], label_count: int, kernels: Kernels
    ) -> None:
        self._crfs = crfs
        self.id = number
        self.image_rgb = image_rgb
        self.label_count = label_count
        self.kernels = kernels
        self.built_in: int | None = None
        self._local: LocalLattices | None = None
        weakref.finalize(self, crfs._drop, number)

    def prepare(self) -> None:
        self._computed(None, 0)

    def marginals(self, unary: NDArray[np.float32], iterations: int) -> NDArray[np.float32]:
        found = self._computed(unary, iterations)
        return self._here().marginals(unary, iterations) if found is None else found

    def _computed(self, unary: NDArray[np.float32] | None, iterations: int) -> NDArray[np.float32] | None:
        if self._local is None:
            try:
                return self._crfs._ask(self, unary, iterations)
            except (OSError, ValueError) as error:
                _log.warning("a CRF holds up this process, since no other could compute it: %s", error)
        self._here().prepare()
        return None

    def _here(self) -> LocalLattices:
        if self._local is None:
            self._local = LocalLattices(self.image_rgb, self.label_count, self.kernels)
        return self._local


def _send(pipe: IO[bytes], head: dict[str, Any], array: NDArray[Any] | None = None) -> None:
    described = head if array is None else {**head, "shape": array.shape, "dtype": array.dtype.str}
    pipe.write(json.dumps(described).encode() + b"\n")
    if array is not None:
        pipe.write(_bytes_of(array))
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[dict[str, Any], NDArray[Any] | None]:
    """Return a message; raises ValueError if the other side has ended."""
    head = json.loads(pipe.readline())  # an empty line is no JSON
    if "shape" not in head:
        return head, None
    array = np.empty(head["shape"], np.dtype(head["dtype"]))
    open_bytes = _bytes_of(array)
    while open_bytes:
        read = pipe.readinto(open_bytes)  # type: ignore[attr-defined] # both are buffered readers
        if not read:
            raise ValueError("the message ends too early")
        open_bytes = open_bytes[read:]
    return head, array


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type] # arrays are buffers


def _serve(received: IO[bytes], sent: IO[bytes]) -> None:
    """Answer messages until the other side ends."""
    known: dict[int, LocalLattices] = {}
    while True:
        try:
            head, array = _receive(received)
        except ValueError:
            return
        for number in head["drop"]:
            known.pop(number, None)
        if array is None:
            raise ValueError("a message without an array")
        if "build" in head:
            lattices = LocalLattices(array, head["labels"], Kernels(**head["kernels"]))
            lattices.prepare()
            known[head["build"]] = lattices
            _send(sent, {})
        else:
            _send(sent, {}, known[head["ask"]].marginals(array, head["iterations"]))


def main() -> None:
    """Be the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started it
    sent = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no message
    _serve(sys.stdin.buffer, sent)


if __name__ == "__main__":
    main()
