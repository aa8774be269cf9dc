"""Why a trainer ended, in words: judged from what is left of it."""

from __future__ import annotations

import pytest

from puzzlecam_app.runs.outcome import End, judge, memory_kills

FINISHED = {"kind": "run_finished"}
TRACEBACK = "Traceback (most recent call last):\n  File ...\n{}"


def failed(error: str, message: str) -> dict[str, str]:
    return {"kind": "run_failed", "error": error, "message": message}


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        (End(0, FINISHED, ""), "done", None),
        (End(None, FINISHED, ""), "done", None),
        (End(3, {"kind": "run_stopped"}, ""), "stopped", "from outside"),
        (End(-9, None, "epoch 1"), "crashed", "memory ran out"),
        (End(-9, None, "", has_kernel_killed=True), "crashed", "system ran out of memory"),
        (End(-11, None, ""), "crashed", "SIGSEGV"),
        (End(None, None, ""), "crashed", "restarted"),
        (End(-9, None, "", is_disk_full=True), "failed", "disk is full"),
        (End(1, None, "The disk that holds /x is full; free space"), "failed", "disk is full"),
        (
            End(1, None, TRACEBACK.format("OSError: [Errno 28] No space left on device")),
            "failed",
            "disk is full",
        ),
        (End(2, None, "Recipe 'x' is not known"), "failed", "Recipe 'x' is not known"),
        (End(1, failed("EncoderError", "Weights are missing."), ""), "failed", "Weights are missing."),
        (End(1, failed("DatasetError", "a.jpg cannot be read."), ""), "failed", "a.jpg cannot be read."),
        (End(1, failed("WorkerEndedError", "A worker process was ended."), ""), "crashed", "worker process"),
        (
            End(1, None, TRACEBACK.format("torch.OutOfMemoryError: CUDA out of memory")),
            "failed",
            "Memory ran out",
        ),
        (End(1, failed("MemoryError", ""), ""), "failed", "Memory ran out"),
        (
            End(1, failed("KeyError", "'loss'"), TRACEBACK.format("KeyError: 'loss'")),
            "failed",
            "KeyError",
        ),
        (
            End(2, None, "Run directory /r belongs to another dataset (...)"),
            "failed",
            "changed or went missing",
        ),
        (End(1, None, ""), "failed", "without saying why"),
    ],
)
def test_every_end_has_a_reason(end: End, kind: str, words: str | None) -> None:
    outcome = judge(end)
    assert outcome.kind == kind
    if words:
        assert words in str(outcome.problem)


def test_the_kernels_count_can_be_read_everywhere() -> None:
    assert memory_kills() >= 0
