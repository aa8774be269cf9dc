"""The name under which somebody works who has not said one."""

from __future__ import annotations

import getpass


def login_name() -> str:
    """The login name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no login name
        return "annotator"
