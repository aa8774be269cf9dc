"""What people can tell the live model of a dataset."""

from __future__ import annotations

from typing import Final, Literal, get_args

LiveAction = Literal["paused", "resumed", "reset", "ignored", "unignored"]
LIVE_ACTIONS: Final[tuple[LiveAction, ...]] = get_args(LiveAction)
