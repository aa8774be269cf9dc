"""The real trainer through the real worker command: killed in the middle, finished, and published."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from db.annotations import latest_revision
from db.run_events import list_events
from db.runs import get_run
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.publishing import publish
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.services import Services
from tests import warm
from tests.puzzlecam_app.conftest import RED
from tests.puzzlecam_app.runs import helpers
from tests.puzzlecam_app.runs.test_starting import accept
from trainer.cams.trained import KIND
from trainer.recipes import load_recipe
from trainer.run.checkpoints import read_header
from trainer.run.directory import RunDir

SMALL = (
    "classify.head_init=random",
    "classify.view.crop=32",
    "classify.view.min_side=24",
    "classify.view.max_side=40",
    "cams.max_side=48",
    "affinity.enabled=false",
    "pixels.enabled=false",
    "segment.enabled=false",
    # Long enough to be killed in.
    "classify.batch_size=1",
    "classify.epochs=6",
)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_real_run_survives_kill_9_and_ends_as_if_nothing_had_happened(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helpers, "PATIENCE_S", 240)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # sums in the same order each time
    accept(services, 1, RED)
    recipe = load_recipe("tiny", SMALL)
    runs_dir = services.workspace.runs_dir
    request = RunRequest(1, recipe, "ann", device="cpu")
    run_id = start_run(services.database, services.masks, runs_dir, request).id
    folder = RunFolder.of(runs_dir, run_id)

    def has_stepped() -> bool:
        with services.database.read() as session:
            return len(list_events(session, run_id, kinds=["step"])) > 2

    def status() -> str:
        with services.database.read() as session:
            return get_run(session, run_id).status

    worker = warm.start(
        ["-m", "puzzlecam_app", "worker"],
        env={**os.environ, "PUZZLECAM_WORKSPACE": str(services.settings.workspace)},
    )
    try:
        helpers.wait_until(has_stepped)
        with services.database.read() as session:
            pid = get_run(session, run_id).trainer_pid
        assert pid is not None
        assert os.getpriority(os.PRIO_PROCESS, pid) > 0
        os.kill(pid, signal.SIGKILL)
        helpers.wait_until(lambda: status() in ("done", "failed"))
    finally:
        worker.terminate()
        assert worker.wait(60) == 0
    with services.database.read() as session:
        run = get_run(session, run_id)
        # The attempt that was killed got further than any before it, so it does not count.
        assert (run.status, run.problem, run.attempts) == ("done", None, 1)
        assert run.metrics is not None
        kinds = [event.kind for event in list_events(session, run_id)]
    assert "resumed" in kinds

    # The same from the command line's function, undisturbed.
    whole = tmp_path / "whole"
    code = (
        "import sys; from trainer.cli import main; sys.argv = ['trainer', 'train', '--dataset-root', "
        f"{str(folder.dataset)!r}, '--run-dir', {str(whole)!r}, '--recipe', {str(folder.recipe_path)!r}, "
        "'--split', 'all', '--device', 'cpu', '--stages', 'classify']; sys.exit(main())"
    )
    assert warm.start(["-c", code]).wait() == 0
    hashes = {
        read_header(RunDir(path).model_path("classify"), KIND)["sha256"]
        for path in (whole, folder.train.path)
    }
    assert len(hashes) == 1

    report = publish(services.database, services.masks, folder, run_id, author="ann")
    assert (report.published, report.kept) == (1, 1)
    with services.database.read() as session:
        kept, proposed = latest_revision(session, 1), latest_revision(session, 2)
    assert kept is not None
    assert proposed is not None
    assert (kept.action, proposed.action, proposed.proposed_by) == ("accepted", "proposed", f"run/{run_id}")
    assert proposed.mask_hash is not None
    assert set(np.unique(services.masks.get(proposed.mask_hash))) <= {0, RED}
