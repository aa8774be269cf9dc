"""Why a trainer ended, in words: judged by the codes it left, never by the text of its messages."""

from __future__ import annotations

from typing import Literal

import pytest

from puzzlecam_app.runs.outcome import End, judge, memory_kills
from trainer.contract import FailureCode, RunFailedFields

FINISHED = {"kind": "run_finished"}
SENTENCE = "Something cannot be used; change it."

Kind = Literal["crashed", "failed"]
OUTCOMES: dict[FailureCode, tuple[Kind, str, str]] = {
    FailureCode.UNEXPECTED: ("failed", SENTENCE, "report it"),
    FailureCode.BAD_SETTINGS: ("failed", SENTENCE, "change the setting"),
    FailureCode.DISK_FULL: ("failed", "The disk is full.", "Free space"),
    FailureCode.OUT_OF_MEMORY: ("failed", "Memory ran out.", "batch size"),
    FailureCode.WORKER_ENDED: ("crashed", SENTENCE, "batch size"),
    FailureCode.ANOTHER_DATASET: ("failed", "changed or went missing", "Put them back"),
    FailureCode.RUN_DIRECTORY_IN_USE: ("failed", "Another process", "Wait until it ends"),
    FailureCode.BAD_RUN_DIRECTORY: ("failed", SENTENCE, "backup"),
    FailureCode.BAD_DATASET: ("failed", SENTENCE, "Correct the dataset"),
    FailureCode.WEIGHTS_MISSING: ("failed", SENTENCE, "Provide the weights"),
    FailureCode.DAMAGED_FILE: ("failed", SENTENCE, "Delete the file"),
    FailureCode.DIVERGED: ("failed", SENTENCE, "learning rate"),
    FailureCode.PACKAGE_MISSING: ("failed", SENTENCE, "Install the package"),
    FailureCode.INTERRUPTED: ("crashed", "The trainer was interrupted.", "Resume the run"),
}
"""What becomes of a run by the code of its failure: problem and remedy contain these words."""


def failed(code: str | None, message: str = SENTENCE) -> dict[str, object]:
    fields = RunFailedFields(error="SomeError", message=message)
    if code is not None:
        fields["code"] = code
    return {"kind": "run_failed", **fields}


def check(end: End, kind: str, problem: str, remedy: str) -> None:
    outcome = judge(end)
    assert outcome.kind == kind
    assert problem in str(outcome.problem)
    assert remedy in str(outcome.remedy)


@pytest.mark.parametrize("code", FailureCode)
def test_the_code_of_the_event_decides(code: FailureCode) -> None:
    check(End(1, failed(code), ""), *OUTCOMES[code])
    check(End(None, failed(code), ""), *OUTCOMES[code])


@pytest.mark.parametrize("code", FailureCode)
def test_without_an_event_the_exit_code_decides(code: FailureCode) -> None:
    check(End(code.exit_code, None, f"epoch 1\n{SENTENCE}\n"), *OUTCOMES[code])


@pytest.mark.parametrize("code", [None, "from_the_future"])
def test_a_failure_without_a_known_code_is_shown_with_its_log(code: str | None) -> None:
    check(End(1, failed(code), ""), "failed", SENTENCE, "Look at the log below")


@pytest.mark.parametrize(
    "message", ["Run directory /r belongs to another dataset", "The disk that holds /x is full; free space"]
)
def test_the_text_of_a_message_decides_nothing(message: str) -> None:
    check(End(1, failed(None, message), ""), "failed", message, "Look at the log below")


def test_an_unexpected_error_is_named() -> None:
    assert "(SomeError): 'loss'" in str(judge(End(1, failed("unexpected", "'loss'"), "")).problem)


@pytest.mark.parametrize(("code", "is_told"), [("unexpected", True), (None, True), ("diverged", False)])
def test_a_full_disk_explains_only_what_has_no_other_explanation(code: str | None, is_told: bool) -> None:
    outcome = judge(End(1, failed(code), "", is_disk_full=True))
    assert (outcome.problem == "The disk is full.") == is_told


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        (End(0, FINISHED, ""), "done", None),
        (End(None, FINISHED, ""), "done", None),
        (End(3, {"kind": "run_stopped"}, ""), "stopped", "from outside"),
        (End(3, None, ""), "stopped", "from outside"),
        (End(-9, None, "epoch 1"), "crashed", "memory ran out"),
        (End(-9, None, "", has_kernel_killed=True), "crashed", "The system ended the trainer"),
        (End(-11, None, ""), "crashed", "SIGSEGV"),
        (End(None, None, ""), "restarted", "restarted"),
        (End(-9, None, "", is_disk_full=True), "failed", "disk is full"),
        (End(1, None, ""), "failed", "without saying why"),
        (End(99, None, ""), "failed", "without saying why"),
    ],
)
def test_every_other_end_has_a_reason(end: End, kind: str, words: str | None) -> None:
    outcome = judge(end)
    assert outcome.kind == kind
    if words:
        assert words in str(outcome.problem)
        assert outcome.remedy, "every end that is not good says what to do"


def test_the_kernels_count_can_be_read_everywhere() -> None:
    assert memory_kills() >= 0
