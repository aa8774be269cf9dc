"""Processes of Python that start in milliseconds: copies of one that has imported what takes seconds.

The copies are made by `fork`, from a process that has computed nothing yet. They have a process id, an
environment and files of their own, and die as any other. A test that is about the start itself uses
`subprocess`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
IMPORTED = ("trainer.pipeline", "trainer.commands", "puzzlecam_app.app")
"""What the copies find imported."""
_LONGEST_REQUEST = 1 << 20


class WarmProcess:
    """A process that runs `python ARGUMENTS`, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, arguments: Sequence[str], pid: int, ends: int) -> None:
        self.args = arguments
        self.pid = pid
        self.returncode: int | None = None
        self._ends = ends

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs; a signal is a negative number."""
        return self._read_status(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end.

        Raises:
            subprocess.TimeoutExpired: It still runs after `timeout` seconds.
        """
        status = self._read_status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal; does nothing where the process has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.wait()

    def _read_status(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._ends, selectors.EVENT_READ)
                if not selector.select(timeout):
                    return None
            said = os.read(self._ends, 64)
            os.close(self._ends)
            self.returncode = int(said) if said else -signal.SIGKILL
        return self.returncode


Process = WarmProcess | subprocess.Popen[bytes]


def start(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    stdout: IO[Any] | None = None,
    stderr: IO[Any] | None = None,
    start_new_session: bool = False,
) -> Process:
    """Start `python ARGUMENTS` (`-m MODULE ...`, `-c CODE ...` or `FILE ...`); output goes to files."""
    words = [os.fspath(word) for word in arguments]
    environment = dict(os.environ if env is None else env)
    if not hasattr(os, "fork"):
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=cwd,
            env=environment,
            stdout=stdout,
            stderr=stderr,
            start_new_session=start_new_session,
        )
    return _server().start(words, str(cwd), environment, stdout, stderr, start_new_session)


def run(arguments: Sequence[str | os.PathLike[str]], *, folder: Path, **options: Any) -> Finished:
    """Run `python ARGUMENTS` to its end, as `start` does; what it writes passes through files in `folder`."""
    with (folder / "stdout").open("w+") as out, (folder / "stderr").open("w+") as err:
        code = start(arguments, stdout=out, stderr=err, **options).wait()
        out.seek(0)
        err.seek(0)
        return Finished(code, out.read(), err.read())


@dataclass(frozen=True)
class Finished:
    """How a process ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


class _Server:
    """The process that is copied, seen from the tests."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        # It ends when this end of the socket is closed, at the latest with the tests.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def start(
        self,
        arguments: list[str],
        cwd: str,
        env: dict[str, str],
        stdout: IO[Any] | None,
        stderr: IO[Any] | None,
        start_new_session: bool,
    ) -> WarmProcess:
        ends, theirs = os.pipe()
        files = [1 if stdout is None else stdout.fileno(), 2 if stderr is None else stderr.fileno()]
        request = {"arguments": arguments, "cwd": cwd, "env": env, "new_session": start_new_session}
        message = json.dumps(request).encode()
        assert len(message) < _LONGEST_REQUEST
        socket.send_fds(self._socket, [len(message).to_bytes(4, "big")], [*files, theirs])
        self._socket.sendall(message)
        os.close(theirs)
        pid = int.from_bytes(_exactly(self._socket, 4), "big")
        return WarmProcess(arguments, pid, ends)


_servers: list[_Server] = []


def _server() -> _Server:
    if not _servers:
        _servers.append(_Server())
    return _servers[0]


def _exactly(channel: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = channel.recv(count - len(received))
        if not part:
            raise EOFError
        received += part
    return received


@dataclass(frozen=True)
class _Request:
    arguments: list[str]
    cwd: str
    env: dict[str, str]
    new_session: bool
    files: tuple[int, int]


def _serve(channel: socket.socket) -> _Request | None:
    """Copy this process for every request. Returns the request in each copy, None in the end."""
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    reports: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        selector.register(wakes, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if wakes in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wakes, 4096)
                _report_ended(reports)
            if channel not in ready:
                continue
            size, files, *_ = socket.recv_fds(channel, 4, 3)
            if not size:
                return None
            request = json.loads(_exactly(channel, int.from_bytes(size, "big")))
            stdout, stderr, ends = files
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number in (wakes, wake, ends, *reports.values()):
                    os.close(number)
                channel.close()
                return _Request(files=(stdout, stderr), **request)
            reports[pid] = ends
            os.close(stdout)
            os.close(stderr)
            channel.sendall(pid.to_bytes(4, "big"))


def _report_ended(reports: dict[int, int]) -> None:
    while reports:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        ends = reports.pop(pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(ends, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(ends)


def _become(request: _Request) -> None:
    """Run the arguments as Python would; raises what they raise."""
    if request.new_session:
        os.setsid()
    for number, file in enumerate(request.files, start=1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.env)
    if threads := request.env.get("OMP_NUM_THREADS"):
        import torch

        torch.set_num_threads(int(threads))
    stream: Any
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(write_through=True)
    first, *rest = request.arguments
    if first == "-m":
        sys.argv, sys.path[0] = rest, request.cwd
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        module = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), module.__dict__)
    else:
        sys.argv, sys.path[0] = request.arguments, str(Path(first).parent)
        runpy.run_path(first, run_name="__main__")


def main() -> None:
    """Serve requests that come by the socket whose number is the argument."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # so that collecting garbage copies no memory
    # Ctrl+C at the tests is for the copies; this process ends with the tests.
    asked = signal.signal(signal.SIGINT, signal.SIG_IGN)
    request = _serve(channel)
    if request is not None:
        signal.signal(signal.SIGINT, asked)
        _become(request)


if __name__ == "__main__":
    main()
