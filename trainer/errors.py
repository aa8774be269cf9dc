"""Errors of training that are written for the person who reads them."""

from __future__ import annotations

from typing import ClassVar


class TrainerError(RuntimeError):
    """Something a person can put right: one or two sentences that say what, where and what to do."""

    exit_code: ClassVar[int] = 1


class TrainerUsageError(TrainerError):
    """A command, recipe or override was used wrongly; nothing was started."""

    exit_code: ClassVar[int] = 2


class ArtifactError(TrainerError):
    """A stored artefact is missing, damaged or of another kind; the message names the file."""
