"""A workspace is backed up while it is in use, and a workspace made from the backup is the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from db.annotations import append_revision, latest_revision
from db.errors import BackupError
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.backup import Report, back_up, restore
from puzzlecam_app.errors import UserError
from puzzlecam_app.services import Services, open_services
from puzzlecam_app.settings import Settings
from tests.postgresql import new_postgresql, postgresql_server  # noqa: F401 - a fixture
from tests.puzzlecam_app.conftest import HEIGHT, WIDTH, add_colours


def draw_mask(services: Services, item_id: int, value: int) -> None:
    mask = np.full((HEIGHT, WIDTH), value, np.uint8)
    with services.database.write() as session:
        newest = latest_revision(session, item_id)
        append_revision(
            session,
            item_id,
            expected=None if newest is None else newest.id,
            action="drafted",
            author=get_or_create(session, "Ada").id,
            mask_hash=services.masks.put(mask, voc_palette()),
        )


def mask_of(services: Services, item_id: int) -> np.ndarray:
    with services.database.read() as session:
        revision = latest_revision(session, item_id)
        assert revision is not None
        assert revision.mask_hash is not None
        return services.masks.get(revision.mask_hash)


def test_a_restored_workspace_holds_every_mask(services: Services, tmp_path: Path) -> None:
    draw_mask(services, 1, 1)
    (services.workspace.runs_dir / "1").mkdir()
    (services.workspace.runs_dir / "1" / "events.jsonl").write_text("{}\n")
    (services.workspace.runs_dir / "1" / "picture.png").symlink_to(tmp_path / "pictures" / "a.png")
    back_up(services.settings, tmp_path / "backup")  # the services are still open
    draw_mask(services, 1, 2)

    goal = Settings(workspace=tmp_path / "restored")
    restore(goal, tmp_path / "backup")
    with open_services(goal) as restored:
        assert (mask_of(restored, 1) == 1).all()
    assert (goal.paths.runs_dir / "1" / "events.jsonl").read_text() == "{}\n"
    assert (goal.paths.runs_dir / "1" / "picture.png").is_symlink()


def test_a_second_backup_copies_only_what_is_new(services: Services, tmp_path: Path) -> None:
    draw_mask(services, 1, 1)
    back_up(services.settings, tmp_path / "backup")
    draw_mask(services, 2, 2)
    report = back_up(services.settings, tmp_path / "backup")
    assert (report.copied, report.kept) == (1, 1)
    goal = Settings(workspace=tmp_path / "restored")
    assert restore(goal, tmp_path / "backup").copied == 2


def test_runs_can_be_left_out(services: Services, tmp_path: Path) -> None:
    (services.workspace.runs_dir / "events.jsonl").write_text("{}\n")
    assert back_up(services.settings, tmp_path / "backup", has_runs=False) == Report(0, 0, 0)


def test_masks_that_are_gone_are_said(services: Services, tmp_path: Path) -> None:
    draw_mask(services, 1, 1)
    shutil.rmtree(services.workspace.masks_dir)
    with pytest.raises(UserError, match="1 masks that the database names are missing"):
        back_up(services.settings, tmp_path / "backup")


def test_nothing_that_exists_is_replaced(services: Services, tmp_path: Path) -> None:
    draw_mask(services, 1, 1)
    back_up(services.settings, tmp_path / "backup")
    with pytest.raises(UserError, match="holds masks already"):
        restore(services.settings, tmp_path / "backup")
    shutil.rmtree(services.workspace.masks_dir)
    with pytest.raises(BackupError, match="exists; restore into another workspace"):
        restore(services.settings, tmp_path / "backup")


@pytest.mark.parametrize("place", ["workspace", "workspace/backup"])
def test_a_backup_does_not_lie_in_its_workspace(services: Services, tmp_path: Path, place: str) -> None:
    with pytest.raises(UserError, match="cannot lie in the workspace"):
        back_up(services.settings, tmp_path / place)


def test_another_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="this is no backup"):
        restore(Settings(workspace=tmp_path / "new"), tmp_path)


def test_a_database_that_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="There is no database"):
        back_up(Settings(workspace=tmp_path / "new"), tmp_path / "backup")


def test_postgresql_is_backed_up_by_its_own_programs(
    postgresql_server: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on PATH")
    url = new_postgresql(postgresql_server, "backed_up").replace("postgresql:", "postgresql+psycopg:")
    with open_services(Settings(workspace=tmp_path / "shared", database_url=url)) as services:
        add_colours(services, tmp_path / "drawn")
        draw_mask(services, 1, 1)
        back_up(services.settings, tmp_path / "backup")

    empty = new_postgresql(postgresql_server, "restored").replace("postgresql:", "postgresql+psycopg:")
    goal = Settings(workspace=tmp_path / "restored", database_url=empty)
    restore(goal, tmp_path / "backup")
    with open_services(goal) as restored:
        assert (mask_of(restored, 1) == 1).all()
    shutil.rmtree(goal.paths.masks_dir)
    with pytest.raises(BackupError, match="is not empty"):
        restore(goal, tmp_path / "backup")
