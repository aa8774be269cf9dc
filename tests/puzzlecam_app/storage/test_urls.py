"""Which addresses of storage are accepted, and that passwords in them are never repeated."""

import pytest

from puzzlecam_app.errors import UsageError, UserError
from puzzlecam_app.settings import Settings
from puzzlecam_app.storage.urls import parse_url


@pytest.mark.parametrize(
    "text",
    [
        "s3://photos",
        "s3://photos/of/cats",
        "gs://photos/2026",
        "abfs://photos@account.dfs.core.windows.net/cats",
        "https://example.org/photos",
        "file:///srv/photos",
    ],
)
def test_a_url_is_read_and_written_alike(text: str) -> None:
    assert str(parse_url(text)) == text
    assert str(parse_url(f" {text}/ ")) == text


@pytest.mark.parametrize(
    "text",
    [
        "ftp://host/photos",
        "simplecache::s3://photos",
        "s3://",
        "s3://photos/../others",
        "s3://photos//others",
        "s3://photos/a\x00b",
        "file://host/share",
        "memory://photos",
        "github://org:repo@/",
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:hunter2@photos/cats",
        "https://ann:hunter2@example.org/photos",
        "abfs://photos:hunter2@account.dfs.core.windows.net",
        "s3://hunter2@photos",
        "https://example.org/photos?sig=hunter2",
        "az://photos#hunter2",
    ],
)
def test_a_url_with_a_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_url(text)
    assert "environment" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(UsageError) as unusable:
        Settings.load({"PUZZLECAM_MASKS_URL": text})
    assert "PUZZLECAM_MASKS_URL" in str(unusable.value)
    assert "hunter2" not in str(unusable.value)


def test_a_place_is_below_another_by_whole_names() -> None:
    photos = parse_url("s3://photos/cats")
    assert parse_url("s3://photos/cats").is_in(photos)
    assert parse_url("s3://photos/cats/2026").is_in(photos)
    assert not parse_url("s3://photos/cats-of-others").is_in(photos)
    assert not parse_url("gs://photos/cats/2026").is_in(photos)


def test_masks_are_not_kept_where_nothing_can_be_written() -> None:
    with pytest.raises(UsageError, match="only be read"):
        Settings.load({"PUZZLECAM_MASKS_URL": "https://example.org/masks"})
