"""A throw-away S3 server for tests, which can be told to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest


class S3Server:
    """An S3 server on this machine.

    Attributes:
        trouble: "" answers requests, "error" answers each with 500, "once" only the next one, "hang" answers
            nothing until it is set to something else.
        requests: how many have come.
    """

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            def log_request(self, *_: object) -> None:
                return

        self.requests = 0
        self._trouble = ""
        self._changed = threading.Condition()
        self._inner: Any = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=Quiet)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    @property
    def trouble(self) -> str:
        return self._trouble

    @trouble.setter
    def trouble(self, kind: str) -> None:
        with self._changed:
            self._trouble = kind
            self._changed.notify_all()

    def next_request(self, after: int, patience_s: float = 60) -> bool:
        """Wait until more than `after` requests have come; returns whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: self.requests > after, patience_s)

    def close(self) -> None:
        self.trouble = "error"
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._changed:
            self.requests += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._trouble != "hang")
            trouble = self._trouble
            if trouble == "once":
                self._trouble = ""
        if trouble in ("error", "once"):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            said = b"<Error><Code>InternalError</Code><Message>secret-of-the-store</Message></Error>"
            headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(said)))]
            start("500 Internal Server Error", headers)
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [said]
        answer: Iterable[bytes] = self._inner(environ, start)
        return answer


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server that the environment names, with credentials that it takes."""
    for package in ("s3fs", "moto", "flask_cors"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from puzzlecam_app.storage import bucket

    server = S3Server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket, "_RETRIES", 1)  # each one waits for about a second
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "tests")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-tests")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield server
    server.close()


@pytest.fixture
def s3(s3_server: S3Server, request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """The server, which is well, with the empty bucket `photos`."""
    from moto.s3.models import s3_backends

    s3_server.trouble = ""
    for account in list(s3_backends):
        for backend in s3_backends[account].values():
            backend.reset()
    make_bucket("photos")
    yield s3_server
    s3_server.trouble = ""


def make_bucket(name: str) -> None:
    """Make an empty bucket."""
    import boto3

    boto3.client("s3").create_bucket(Bucket=name)
