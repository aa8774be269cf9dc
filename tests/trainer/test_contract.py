"""What trainer and app agree on: light to import, and true of the modules that it names."""

from __future__ import annotations

import doctest
import errno
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

import trainer
from trainer import contract, errors
from trainer.config import Recipe
from trainer.contract import (
    EXIT_GOOD,
    EXIT_STOPPED,
    LATER_STAGES,
    MAX_ROUNDS,
    STAGES,
    FailureCode,
    split_round,
    stages_of,
)
from trainer.data.dataset import DatasetError
from trainer.errors import TrainerError, failure_code
from trainer.machine.stop import RunStopped
from trainer.settings import Settings
from trainer.stage_graph import stage_module

NO_STAGES = {"stage", "image_loop", "seeds", "picture_stage", "scattered"}
"""Modules of trainer/stages that are no stage themselves."""


def test_the_contract_imports_only_the_standard_library() -> None:
    program = (
        "import sys; import trainer.contract; "
        "print({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'})"
    )
    answer = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=Path(trainer.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "{'trainer'}"


def test_every_stage_is_a_module_with_settings_of_its_name() -> None:
    modules = {
        module.name for module in pkgutil.iter_modules([str(Path(trainer.__file__).parent / "stages")])
    }
    assert modules - NO_STAGES == {*STAGES, *LATER_STAGES}
    recipe = Recipe(name="any")
    for name in stages_of(MAX_ROUNDS):
        assert name == stage_module(name).NAME
        assert isinstance(getattr(recipe, split_round(name)[0]), Settings)


def test_a_stage_reads_only_from_stages_before_it() -> None:
    stages = stages_of(MAX_ROUNDS)
    for position, name in enumerate(stages):
        stage = stage_module(name)
        assert {*stage.NEEDS, *stage.USES} <= set(stages[:position])


def test_every_failure_but_the_unexpected_has_an_exit_code_of_its_own() -> None:
    codes = [code.exit_code for code in FailureCode]
    assert len({*codes, EXIT_GOOD, EXIT_STOPPED}) == len(codes) + 2
    assert [FailureCode.of_exit_code(code) for code in codes] == list(FailureCode)
    assert FailureCode.UNEXPECTED.exit_code == 1, "Python itself ends with 1 after an error"


def test_every_error_of_the_trainer_declares_its_code() -> None:
    for module in pkgutil.walk_packages(trainer.__path__, "trainer."):
        if module.name != "trainer.__main__":
            importlib.import_module(module.name)
    undeclared = [error for error in subclasses(TrainerError) if error.code is FailureCode.UNEXPECTED]
    assert undeclared == []


def subclasses(error: type[TrainerError]) -> list[type[TrainerError]]:
    return [inner for one in error.__subclasses__() for inner in (one, *subclasses(one))]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DatasetError("none"), FailureCode.BAD_DATASET),
        (OSError(errno.ENOSPC, "No space left on device"), FailureCode.DISK_FULL),
        (OSError(errno.EACCES, "Permission denied"), FailureCode.UNEXPECTED),
        (MemoryError(), FailureCode.OUT_OF_MEMORY),
        (torch.OutOfMemoryError(), FailureCode.OUT_OF_MEMORY),
        (KeyboardInterrupt(), FailureCode.INTERRUPTED),
        (KeyError("loss"), FailureCode.UNEXPECTED),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, BaseException) else str(one),
)
def test_every_error_has_a_code(error: BaseException, code: FailureCode) -> None:
    assert failure_code(error) is code


def test_a_run_that_was_stopped_has_not_failed() -> None:
    assert RunStopped("stopped").exit_code == EXIT_STOPPED


def test_the_exit_codes_are_documented() -> None:
    text = (Path(trainer.__file__).parents[1] / "docs" / "commands.md").read_text(encoding="utf-8")
    table = text.partition("| Exit code | Meaning |")[2].partition("\n\n")[0]
    assert [code for code in FailureCode if not re.search(rf"\b{code.exit_code} ", table)] == []


@pytest.mark.parametrize("module", [contract, errors], ids=lambda module: module.__name__)
def test_the_examples_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)
