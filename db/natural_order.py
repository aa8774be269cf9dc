"""The order of names that people expect: img2 before img10, whatever the capitals."""

from __future__ import annotations

import re
from typing import Final

MAX_KEY_LENGTH: Final = 640
_NUMBER: Final = re.compile(r"\d+")
_MAX_DIGITS: Final = 99


def natural_key(name: str) -> str:
    """A text that sorts, character by character, as people expect the names to be sorted.

    Numbers compare by their value, capitals do not count, and the pictures of a folder stay together. Names
    that differ only in capitals or in leading zeros have the same key.

    >>> sorted(["img10", "IMG2", "img1", "a b/1", "a/2"], key=natural_key)
    ['a/2', 'a b/1', 'img1', 'IMG2', 'img10']
    """
    # No name contains control characters; the first of them sorts a folder before its longer neighbours.
    return _NUMBER.sub(_number_key, name.casefold().replace("/", "\x01"))[:MAX_KEY_LENGTH]


def _number_key(match: re.Match[str]) -> str:
    digits = str(int(match[0]))
    return f"{min(len(digits), _MAX_DIGITS):02}{digits}"
