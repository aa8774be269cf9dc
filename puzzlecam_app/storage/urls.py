"""Addresses of storage: which ones are accepted, and how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from puzzlecam_app.errors import UserError

SCHEMES: Final = ("s3", "gs", "az", "abfs", "http", "https", "file")
READ_ONLY: Final = ("http", "https")
_AZURE: Final = ("az", "abfs")
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_MAX_LENGTH: Final = 1024


@dataclass(frozen=True)
class StorageUrl:
    """A place in a store, such as ``s3://bucket/some/folder``.

    Attributes:
        scheme: one of `SCHEMES`.
        place: what follows ``://``, without a slash at its end: the bucket (host, container) and the way to
            the folder in it; for ``file`` an absolute path.
    """

    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def name(self) -> str:
        """The last part, to be shown to people."""
        return self.place.rsplit("/", 1)[-1]

    @property
    def can_be_written(self) -> bool:
        """Whether there is a way to write there."""
        return self.scheme not in READ_ONLY

    def below(self, relative: str) -> StorageUrl:
        """The place `relative` under this one."""
        return StorageUrl(self.scheme, f"{self.place}/{relative}")

    def is_in(self, other: StorageUrl) -> bool:
        """Whether this is `other`, or below it."""
        return self.scheme == other.scheme and f"{self.place}/".startswith(f"{other.place}/")


def is_url(text: str) -> bool:
    """Whether a text is meant as a URL, not as a path.

    >>> [is_url(text) for text in ("s3://masks", "/srv/masks", "C:\\\\masks", "ftp://masks")]
    [True, False, False, True]
    """
    return _URL.match(text) is not None


def parse_url(text: str) -> StorageUrl:
    """Read the URL of a folder in a store.

    Raises:
        UserError: There is no such kind of store, or the URL contains a password, a query or ``..``. The
            sentence does not repeat what could be secret.
    """
    found = _URL.fullmatch(text.strip())
    if found is None:
        raise UserError("this is no URL of a store", where=text[:80], remedy=_remedy())
    scheme, place = found[1].lower(), found[2].rstrip("/")
    if scheme not in SCHEMES:
        raise UserError(f"there is no storage {scheme}://", remedy=_remedy())
    host, _, way = place.partition("/")
    user = host.rpartition("@")[0]
    if user and (":" in user or scheme not in _AZURE):
        raise UserError(
            f"the URL {scheme}://...@{host.rpartition('@')[2]} contains a name or a password",
            remedy="Leave it out, and give credentials in the environment or in the provider's own files",
        )
    if "?" in place or "#" in place:
        raise UserError(
            f"the URL {scheme}://{re.split('[?#]', place)[0][:80]} has a query, which may contain a secret",
            remedy="Give the plain URL of the folder, and credentials in the environment",
        )
    parts = place.split("/") if scheme != "file" else way.split("/")
    is_plain = all(part not in ("", ".", "..") for part in parts) and place.isprintable()
    if not is_plain or "\\" in place or len(place) > _MAX_LENGTH or (scheme == "file" and host):
        raise UserError("the URL cannot be used", where=f"{scheme}://{place[:80]!r}"[:90], remedy=_remedy())
    return StorageUrl(scheme, place)


def writable_url(value: str | None) -> str | None:
    """Check a setting that names a store; raises ValueError if it is none, or cannot be written."""
    if value is None:
        return None
    url = _of_setting(value)
    if not url.can_be_written:
        raise ValueError(f"{url.scheme}:// can only be read; give a store such as s3://bucket/folder")
    return str(url)


def split_urls(value: object) -> object:
    """Split the text of a setting at its commas and check the URLs; other values stay as they are."""
    if not isinstance(value, str):
        return value
    return tuple(str(_of_setting(part)) for part in value.split(",") if part.strip())


def _of_setting(text: str) -> StorageUrl:
    try:
        return parse_url(text)
    except UserError as error:
        raise ValueError(str(error)) from error


def place_named(text: str) -> Path | StorageUrl:
    """What a person names: a folder of this machine, also as ``file://``, or a place in a store.

    Raises:
        UserError: It is a URL that cannot be used.
    """
    if not is_url(text.strip()):
        return Path(text)
    url = parse_url(text)
    return Path(url.place) if url.scheme == "file" else url


def _remedy() -> str:
    kinds = ", ".join(f"{scheme}://" for scheme in SCHEMES)
    return f"Write it like s3://bucket/folder; these kinds are known: {kinds}"
