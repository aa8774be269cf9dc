from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainer.machine.durable_write import write_atomic


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")

    write_atomic(tmp_path / "written", b"")

    assert (tmp_path / "written").stat().st_mode == plain.stat().st_mode
