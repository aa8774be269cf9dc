"""Paths that people give: on the command line, on a page, in a setting."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from puzzlecam_app.errors import UserError


def user_path(path: Path | str) -> Path:
    """Return the absolute path, with `~` replaced by a home folder. It need not exist; links are kept.

    Raises:
        UserError: the text cannot be a path: it is too long, contains a character that no path can contain,
            or names the home folder of an unknown user.
    """
    where = str(path)
    shown = where[:80].encode("utf-8", "replace").decode().replace("\0", "\\0")
    try:
        found = Path(path).expanduser().absolute()
        os.lstat(found)
    except RuntimeError as error:
        raise UserError("there is no such user", where=shown, remedy="Give the whole path") from error
    except ValueError as error:  # a NUL, or half of a surrogate pair
        raise UserError(
            "the path contains a character that no path can contain", where=shown, remedy="Check the spelling"
        ) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UserError("the path is too long", where=shown, remedy="Check the spelling") from error
    return found
