"""A throw-away PostgreSQL server for tests, where its programs are installed."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a throw-away PostgreSQL server, without a database name."""
    if os.name != "posix":
        pytest.skip("the throw-away PostgreSQL is reached through a Unix socket")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    missing = [program for program in ("initdb", "pg_ctl", "postgres") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"PostgreSQL is not installed ({missing[0]} is not on PATH)")
    with a_postgresql_server() as server:
        yield server


@contextlib.contextmanager
def a_postgresql_server(options: str = "-c fsync=off") -> Iterator[str]:
    """Start a throw-away server that is reached through a Unix socket; gives its URL as the fixture does.

    It keeps nothing when the machine fails, unless `options` (of `postgres`) say otherwise.
    """
    # PostgreSQL refuses to run as root, and pytest's own folders are closed to everybody else.
    folder = Path(tempfile.mkdtemp(prefix="puzzlecam-pg-"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        import pwd  # not on Windows

        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **as_user)

    data = folder / "data"
    try:
        run(
            "initdb", "-D", str(data), "-U", "studio", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        where = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"{where} {options}", "start")
        try:
            yield f"postgresql://studio@/{{name}}?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_postgresql(server: str, name: str) -> str:
    """Make an empty database on the server; returns its URL."""
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name=name)
