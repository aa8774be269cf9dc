"""Errors travel between processes, whatever they are made with."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from trainer.cluster.outcome import Outcome
from trainer.data.images import ImageReadError
from trainer.machine.start_method import WorkerEndedError


@pytest.mark.parametrize(
    "error",
    [
        ImageReadError("it is no picture", where=Path("a.jpg"), remedy="Replace it"),
        WorkerEndedError(),
    ],
)
def test_an_error_arrives_as_it_was(error: Exception) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_an_error_that_cannot_travel_is_told_all_the_same() -> None:
    class LocalError(Exception):
        pass

    def fail() -> None:
        raise LocalError("of a function")

    outcome = pickle.loads(pickle.dumps(Outcome.of(fail)))
    with pytest.raises(RuntimeError, match="LocalError: of a function") as raised:
        outcome.get()
    assert "in fail" in raised.value.__notes__[0]
