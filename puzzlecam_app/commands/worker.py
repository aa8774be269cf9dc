"""`worker` processes queued training runs; the studio starts one of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from puzzlecam_app.commands.options import setting_option
from puzzlecam_app.commands.printing import say
from puzzlecam_app.commands.studio import Studio, studio_command


@studio_command(has_json=False)
def worker(
    studio: Studio,
    device: Annotated[str | None, setting_option("worker_device", "NAME", name="--device")] = None,
    attempts: Annotated[int | None, setting_option("run_attempts", "N", name="--attempts")] = None,
    attached: Annotated[bool, typer.Option("--attached", help="End when the standard input closes.")] = False,
) -> None:
    """Process queued training runs one at a time, until interrupted.

    Several workers may run on one machine, one for each device. Ctrl+C or SIGTERM lets the current run store
    its state and puts it back into the queue.

    \b
    Examples:
      puzzlecam worker
      puzzlecam worker --device cuda:1 --workspace /srv/puzzlecam
    """
    settings = studio.settings(worker_device=device, run_attempts=attempts)
    from db.loss import open_beside_masks
    from db.masks import MaskStore
    from puzzlecam_app.runs.supervisor import WorkerOptions
    from puzzlecam_app.runs.worker import Worker
    from puzzlecam_app.storage.read_cache import cache_in

    workspace = settings.paths.prepare()
    cache_in(workspace.pictures_dir, settings.picture_cache_gb * 10**9)
    database = open_beside_masks(settings.resolve_database_url(), MaskStore(workspace.masks_dir))
    stop = _stop_when_told(is_attached=attached)
    options = WorkerOptions(
        device=settings.worker_device,
        max_attempts=settings.run_attempts,
        grace_s=settings.run_stop_seconds,
        aliases=settings.resolve_aliases(),
        cluster=settings.cluster,
        runs_url=settings.runs_url,
        cluster_processes=settings.cluster_processes,
    )
    one = Worker(database, workspace.runs_dir, options)
    if not attached:
        say(
            f"Processing runs as {one.name}, device {options.device or 'chosen by the trainer'}. "
            "Press Ctrl+C to end."
        )
    try:
        one.work(stop)
    finally:
        database.close()


def _stop_when_told(*, is_attached: bool) -> threading.Event:
    """An event that is set by signals and, if attached, by the end of the standard input."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def wait_for_end() -> None:
        # The descriptor, not sys.stdin: its lock would be held while the interpreter ends.
        while os.read(sys.stdin.fileno(), 1):
            pass
        stop.set()

    if is_attached:
        threading.Thread(target=wait_for_end, daemon=True).start()
    return stop
