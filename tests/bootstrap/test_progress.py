from __future__ import annotations

import pytest

from bootstrap.progress import Step, describe_pip_line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting torch>=2.9 (from puzzlecam-studio==0.1.0)", "looking up torch"),
        (
            "  Downloading torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl (915.0 MB)",
            "downloading torch-2.14.1 (915.0 MB)",
        ),
        ("  Downloading pydensecrf2-1.1.tar.gz (1.2 MB)", "downloading pydensecrf2-1.1 (1.2 MB)"),
        ("  Building wheel for pydensecrf2 (pyproject.toml): started", "building pydensecrf2"),
        ("Installing collected packages: mpmath, torch", "unpacking"),
        (
            "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by",
            "the package index does not answer; trying again",
        ),
        ("Requirement already satisfied: numpy in ./lib", None),
    ],
)
def test_pip_lines_are_condensed(line: str, shown: str | None) -> None:
    assert describe_pip_line(line) == shown


def test_a_step_in_a_log_says_what_began_and_that_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with Step("Making .venv"):
        pass

    first, last = capsys.readouterr().out.splitlines()
    assert first == "Making .venv"
    assert last.strip().startswith("done in")


def test_a_step_that_fails_does_not_claim_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), Step("Making .venv"):
        raise RuntimeError

    assert "done" not in capsys.readouterr().out


def test_a_step_on_a_terminal_stays_on_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with Step("Installing") as step:
        step.update("downloading torch")
        step.update("unpacking")

    assert capsys.readouterr().out.count("\n") == 1
