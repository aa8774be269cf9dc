"""Work for actors of a cluster, in a module that imports nothing that takes long."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from trainer.errors import TrainerUsageError


def load_squares(log: Path) -> Callable[[Sequence[int]], list[int]]:
    """Load a function of numbers, and note it. 3 ends the process, 5 is an error."""
    with log.open("a") as file:
        file.write("loaded\n")

    def squares(numbers: Sequence[int]) -> list[int]:
        if 3 in numbers:
            os._exit(1)
        if 5 in numbers:
            raise TrainerUsageError("5 is not liked.")
        return [number * number for number in numbers]

    return squares
