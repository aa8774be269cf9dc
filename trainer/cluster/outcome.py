"""How an error travels from a process of the cluster: as a value, so that Ray does not wrap it."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trainer.cluster.connection import enter_folder
from trainer.contract import FailureCode
from trainer.errors import TrainerError


class ProcessLostError(TrainerError):
    """Processes of the cluster ended again and again, or their nodes did."""

    code = FailureCode.WORKER_ENDED


@dataclass(frozen=True)
class Outcome:
    """What a call in another process came to.

    Attributes:
        value: the result; None if it failed.
        error: what it raised.
    """

    value: Any = None
    error: Exception | None = None

    @classmethod
    def of(cls, function: Callable[..., Any], *arguments: Any) -> Outcome:
        """Call a function in this process of a cluster; an error keeps its trace as a note."""
        enter_folder()
        try:
            return cls(function(*arguments))
        except Exception as error:
            if isinstance(error, TrainerError):
                return cls(error=error)
            trace = f"In a process of the cluster:\n{traceback.format_exc()}"
            try:
                pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
            except Exception:
                error = RuntimeError(f"{type(error).__name__}: {error}")
            error.add_note(trace)
            return cls(error=error)

    def get(self) -> Any:
        """The value.

        Raises:
            Exception: whatever the function raised.
        """
        if self.error is not None:
            raise self.error
        return self.value
