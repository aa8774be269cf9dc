"""`python -m tests.load --people 50 --minutes 5 [--database postgresql] [--studios 2]`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.load.bench import Load, run
from tests.load.figures import table
from tests.load.studio import command, make_pictures, serving
from tests.postgresql import a_postgresql_server, new_postgresql


def main(arguments: list[str] | None = None) -> int:
    """Run the bench and print its figures; returns 1 if work was lost, overwritten or given twice."""
    given = _parser().parse_args(arguments)
    seconds = given.seconds if given.seconds is not None else 60 * given.minutes
    load = Load(given.people, seconds, given.think)
    per_person = max(2, round(seconds / (3 * given.think)))
    pictures = given.pictures or min(20_000, given.people * per_person)
    width, height = (int(part) for part in given.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="puzzlecam-load-") as folder, _database(given.database) as url:
        tags = make_pictures(Path(folder) / "pictures", pictures, (width, height))
        workspace = Path(folder) / "workspace"
        command(
            workspace,
            url,
            *("dataset", "import", str(tags.with_name("pictures")), "--name", "load", "--tags", str(tags)),
        )
        with serving(workspace, url, given.studios) as (urls, pids):
            figures = asyncio.run(run(urls, pids, load))
    print(
        f"{given.people} people for {seconds:.0f} s, {given.think:g} s between actions; {given.database}, "
        f"{given.studios} studio(s), {pictures} pictures of {given.size}, {os.cpu_count()} cores\n"
    )
    print(table(figures))
    return 0 if figures.is_good else 1


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    with a_postgresql_server() as server:
        yield new_postgresql(server, "load").replace("postgresql://", "postgresql+psycopg://")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seconds", type=float, help="in place of --minutes")
    parser.add_argument("--think", type=float, default=5, help="mean seconds between two actions of a person")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--studios", type=int, default=1, help="processes; more than one need PostgreSQL")
    parser.add_argument("--pictures", type=int, help="by default more than the people can finish")
    parser.add_argument("--size", default="500x375", help="of the pictures, WIDTHxHEIGHT")
    return parser


if __name__ == "__main__":
    sys.exit(main())
