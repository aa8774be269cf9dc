"""Stands in for the trainer: writes the same files and ends as it is told, in milliseconds.

What it does is the name of the run, read from the environment variable FAKE_TRAINER: words separated by
blanks. "die" dies at the first step each time, "die-until-N" one step later in each attempt before the
N-th. `attempts` counts its starts, in a file beside the run directory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from trainer.contract import FailureCode

TOLD = ("--aliases", "--cluster", "--processes")


def main() -> int:
    reused = [word for word in sys.argv[2:] if word.startswith("--reuse=")]
    words = [word for word in sys.argv[2:] if word not in reused]
    options = dict(zip(words[::2], words[1::2], strict=True))
    run_dir = Path(options["--run-dir"])
    run_dir.mkdir(exist_ok=True)
    behaviour = os.environ.get("FAKE_TRAINER", "finish").split()
    counter = run_dir.parent / "attempts"
    attempt = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(attempt))

    def event(kind: str, **fields: object) -> None:
        line = json.dumps({"time": datetime.now(UTC).isoformat(), "kind": kind, **fields})
        with (run_dir / "events.jsonl").open("a") as log:
            log.write(line + "\n")

    def asked(*_: object) -> None:
        event("run_stopped")
        print("Stopped as asked.", flush=True)
        os._exit(3)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in behaviour else asked)
    if "weights" in behaviour:
        print("Weights resnest50.pth do not exist; name another file.", file=sys.stderr)
        return FailureCode.WEIGHTS_MISSING.exit_code
    event("run_started", recipe="fake", stages=["classify"], device="A fake device.")
    event("stage_started", stage="classify", key="k", goes_on=attempt > 1)
    step = 1 if "die" in behaviour else attempt
    event("step", stage="classify", step=step, steps=4, epoch=1, epochs=1, losses={"loss": 1.0}, eta_s=1)
    told = [f"{name}={options[name]}" for name in TOLD if name in options]
    print(f"attempt {attempt}", *reused, *told, flush=True)
    if "spawn" in behaviour:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (run_dir.parent / "child").write_text(str(child.pid))
    last = next((int(word[10:]) for word in behaviour if word.startswith("die-until-")), 0)
    if "die" in behaviour or attempt < last or ("die-once" in behaviour and attempt == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if "diverge" in behaviour:
        code = FailureCode.DIVERGED
        event(
            "run_failed", code=code, error="TrainingDivergedError", message="Training of classify diverged."
        )
        print("Training of classify diverged.", file=sys.stderr)
        return code.exit_code
    if "hang" in behaviour or ("hang-once" in behaviour and attempt == 1):
        while not (run_dir.parent / "go").exists():
            time.sleep(0.02)
    (run_dir / "metrics.json").write_text(json.dumps({"rows": [], "classes": []}))
    event("stage_finished", stage="classify", seconds=0.1, summary={})
    event("run_finished", seconds=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
