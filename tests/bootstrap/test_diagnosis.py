from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap import diagnosis
from bootstrap.diagnosis import explain_crf, explain_pip
from bootstrap.virtualenv import VirtualEnv


@pytest.fixture
def venv(tmp_path: Path) -> VirtualEnv:
    return VirtualEnv(tmp_path)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...): "
            "[Errno -3] Temporary failure in name resolution'\n"
            "ERROR: No matching distribution found for torch>=2.9",
            "cannot be reached",
        ),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "PIP_CERT"),
        ("ERROR: No matching distribution found for torch==2.14.1", "has no torch==2.14.1 for Python"),
        ("[Errno 13] Permission denied: '/srv/.venv'", "cannot be written"),
        ("noise\nERROR: the wheel is upside down\nmore noise", "ERROR: the wheel is upside down"),
        ("", "no reason was given"),
    ],
    ids=["disk", "network", "certificate", "no wheel", "permission", "unknown error", "silence"],
)
def test_a_failed_pip_is_explained_in_one_sentence(venv: VirtualEnv, output: str, expected: str) -> None:
    sentence = explain_pip(output, venv)

    assert expected in sentence
    assert "\n" not in sentence


def test_every_explanation_says_what_to_do(venv: VirtualEnv) -> None:
    for output in (
        "No space left on device",
        "Network is unreachable",
        "CERTIFICATE_VERIFY_FAILED",
        "nonsense",
    ):
        assert "start again" in explain_pip(output, venv)


def test_a_crf_without_a_compiler_names_the_compiler(
    venv: VirtualEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(diagnosis.shutil, "which", lambda name: None)

    assert "no C++ compiler" in explain_crf("error: command 'g++' failed", venv)


def test_a_crf_without_python_headers_names_the_headers(venv: VirtualEnv) -> None:
    assert "headers of Python" in explain_crf("fatal error: Python.h: No such file or directory", venv)


def test_a_crf_that_does_not_compile_names_the_log(venv: VirtualEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis.shutil, "which", lambda name: f"/usr/bin/{name}")

    assert str(venv.log_path) in explain_crf("error: template recursion too deep", venv)
