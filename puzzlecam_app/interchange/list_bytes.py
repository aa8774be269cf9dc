"""The bytes of a list, such as JSON or CSV, which must fit into memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.root_files import RootFile, refusal_in_words

MAX_BYTES: Final = 512 << 20
"""Of one list; the largest of COCO has 450 MB."""


def read_list(path: Path | RootFile) -> bytes:
    """The content of a list. One that is too large is refused before any of it is read.

    Raises:
        UserError: It cannot be read, or is larger than `MAX_BYTES`.
    """
    try:
        with refusal_in_words(path):
            opened = path.open("rb") if isinstance(path, Path) else path.files.open(path.relative)
            with opened as file:
                is_large = os.fstat(file.fileno()).st_size > MAX_BYTES
                data = b"" if is_large else file.read(MAX_BYTES + 1)
                if is_large or len(data) > MAX_BYTES:
                    raise UserError(
                        f"the file is larger than {MAX_BYTES >> 20} MiB",
                        where=str(path),
                        remedy="Split it into several",
                    )
                return data
    except OSError as problem:
        raise UserError(
            f"the file cannot be read ({problem.strerror})",
            where=str(path),
            remedy="Check its name and permissions",
        ) from problem
