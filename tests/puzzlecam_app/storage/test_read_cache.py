"""The cache of pictures keeps to its limit, and never gives another content."""

import hashlib
import os
from pathlib import Path

from puzzlecam_app.storage.read_cache import ReadCache


def keep(cache: ReadCache, data: bytes, used: float | None = None) -> str:
    name = hashlib.sha256(data).hexdigest()
    cache.put(name, data)
    if used is not None:
        os.utime(cache.path(name), (used, used))
    return name


def test_what_was_kept_is_given_back(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path)
    name = keep(cache, b"one")
    assert cache.get(name) == b"one"
    assert ReadCache(tmp_path).get(name) == b"one"
    assert cache.get("0" * 64) is None


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, max_bytes=40)
    old, used = keep(cache, b"a" * 10, used=1), keep(cache, b"b" * 10, used=2)
    assert cache.get(old) is not None  # used again
    late = keep(cache, b"c" * 10, used=3)
    keep(cache, b"d" * 15)
    assert cache.get(used) is None
    assert cache.get(late) is None or cache.get(old) is not None
    assert sum(path.stat().st_size for path in tmp_path.glob("??/*")) <= 40


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path, max_bytes=0)
    assert cache.get(keep(cache, b"one")) is None


def test_a_damaged_copy_is_fetched_again(tmp_path: Path) -> None:
    cache = ReadCache(tmp_path)
    name = keep(cache, b"one")
    cache.path(name).write_bytes(b"two")
    assert cache.get(name) is None
    cache.put(name, b"one")
    assert cache.get(name) == b"one"
