"""A worker as a process of its own, with the fake trainer: `worker_program.py DATABASE_URL RUNS_DIR`."""

import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

from db.engine import open_database
from puzzlecam_app.runs.supervisor import WorkerOptions
from puzzlecam_app.runs.worker import Worker

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
options = WorkerOptions(
    grace_s=10,
    lease=timedelta(seconds=30),
    poll_s=0.05,
    program=(str(Path(__file__).with_name("fake_trainer.py")),),
)
Worker(open_database(sys.argv[1]), Path(sys.argv[2]), options).work(stop)
