from __future__ import annotations

import pytest

from puzzlecam_app.errors import UsageError, UserError


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("the disk is full"), "the disk is full."),
        (UserError("the disk is full."), "the disk is full."),
        (UserError("not a picture", where="cats/1.jpg"), "cats/1.jpg: not a picture."),
        (
            UserError("not a picture", where="cats/1.jpg", remedy="Save it again as PNG"),
            "cats/1.jpg: not a picture. Save it again as PNG.",
        ),
    ],
)
def test_an_error_reads_where_what_and_remedy(error: UserError, sentence: str) -> None:
    assert str(error) == sentence


def test_wrong_use_has_its_own_exit_code() -> None:
    assert (UserError.exit_code, UsageError.exit_code) == (1, 2)
