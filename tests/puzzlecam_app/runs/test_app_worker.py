"""The studio's own worker comes back when it is killed, and ends when the studio does."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from puzzlecam_app.runs.app_worker import AppWorker
from puzzlecam_app.settings import Settings
from tests import warm
from tests.puzzlecam_app.runs.helpers import is_alive, wait_until


def workers(workspace: Path) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        environment = process.info["environ"] or {}
        if (
            "--attached" in (process.info["cmdline"] or [])
            and environment.get("PUZZLECAM_WORKSPACE") == str(workspace)
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ):
            found.append(process.pid)
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(workspace=tmp_path / "workspace", open_browser=False)


def test_a_killed_worker_is_started_again_and_ends_with_the_studio(settings: Settings) -> None:
    with AppWorker(settings):
        wait_until(lambda: bool(workers(settings.workspace)))
        (first,) = workers(settings.workspace)
        psutil.Process(first).kill()
        wait_until(lambda: bool(set(workers(settings.workspace)) - {first}))
        (second,) = set(workers(settings.workspace)) - {first}
        wait_until(lambda: settings.paths.database_path.exists())
    assert not is_alive(second)


def test_a_worker_does_not_outlive_a_studio_that_was_killed(settings: Settings) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from puzzlecam_app.runs.app_worker import AppWorker\n"
        "from puzzlecam_app.settings import Settings\n"
        "with AppWorker(Settings(workspace=Path(sys.argv[1]), open_browser=False)):\n"
        "    time.sleep(600)\n"
    )
    studio = warm.start(["-c", code, str(settings.workspace)])
    wait_until(lambda: bool(workers(settings.workspace)))
    # Past its imports: only then does it listen.
    wait_until(lambda: settings.paths.database_path.exists())
    studio.kill()
    studio.wait()
    wait_until(lambda: not workers(settings.workspace))
