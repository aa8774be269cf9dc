"""Errors of training that are written for the person who reads them, and the codes that programs read."""

from __future__ import annotations

import errno
from typing import Any, ClassVar

from trainer.contract import FailureCode


class TrainerError(RuntimeError):
    """Something a person can put right: one or two sentences that say what, where and what to do.

    Attributes:
        code: what kind of failure it is. Every subclass declares its own or inherits that of another one.
    """

    code: ClassVar[FailureCode] = FailureCode.UNEXPECTED

    @property
    def exit_code(self) -> int:
        """Exit code of a process that this error ends."""
        return self.code.exit_code

    def __reduce__(self) -> tuple[Any, ...]:
        # An error travels between processes whatever its class wants to be made with.
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[TrainerError], arguments: tuple[Any, ...], state: dict[str, Any]) -> TrainerError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


class TrainerUsageError(TrainerError):
    """A command, a recipe or an override cannot be used as it is."""

    code = FailureCode.BAD_SETTINGS


class ArtifactError(TrainerError):
    """A stored artefact is missing, damaged or of another kind; the message names the file."""

    code = FailureCode.DAMAGED_FILE


class DiskFullError(TrainerError):
    """There was no room for an output; files that were there before are whole."""

    code = FailureCode.DISK_FULL


def failure_code(error: BaseException) -> FailureCode:
    """The code of any error that ends a run.

    >>> failure_code(MemoryError())
    <FailureCode.OUT_OF_MEMORY: 'out_of_memory'>
    """
    if isinstance(error, TrainerError):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return FailureCode.INTERRUPTED
    # PyTorch has a class of its own for this, but errors must be readable without importing it.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return FailureCode.OUT_OF_MEMORY
    if is_disk_full(error):
        return FailureCode.DISK_FULL
    return FailureCode.UNEXPECTED


def is_disk_full(error: BaseException) -> bool:
    """Whether the system reported that there is no room left on a disk."""
    return isinstance(error, OSError) and error.errno == errno.ENOSPC
