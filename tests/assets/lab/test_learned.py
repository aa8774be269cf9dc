"""Which model a comparison on the Lab page begins with, in the page's own module."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.helpers_node import ROOT, find_node

PROGRAM = """
import { readFileSync } from "node:fs";
import { another } from "./assets/lab/learned.js";

const { choices, key } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(another(choices, key)));
"""


def choice(key: str, *lacking: str, epochs: int = 0) -> dict[str, Any]:
    moments = [{"key": f"{key}-epoch-{number}", "epoch": number} for number in range(epochs)]
    return {"key": key, "title": key, "moments": moments, "not_learned": list(lacking)}


def other_than(key: str, *choices: dict[str, Any]) -> str | None:
    node = find_node()
    if node is None:
        pytest.skip("Node.js is not installed: run launch.py test")
    answer = subprocess.run(
        [node, "--input-type=module", "--eval", PROGRAM],
        cwd=ROOT,
        input=json.dumps({"choices": choices, "key": key}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found: str | None = json.loads(answer.stdout)
    return found


def test_a_run_that_was_not_trained_on_the_tags_is_never_the_default() -> None:
    assert other_than("proposer", choice("proposer"), choice("run-2", "cat"), choice("run-1")) == "run-1"
    assert other_than("proposer", choice("proposer"), choice("run-2", "cat")) is None


def test_without_another_model_the_start_of_the_training_is_the_default() -> None:
    choices = choice("run-1", epochs=2), choice("run-2", "cat", epochs=2)
    assert other_than("run-1", *choices) == "run-1-epoch-0"
