"""Published weights: from the local cache of the Hugging Face hub, or downloaded from there."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.request import Request, urlopen

_HUB = "https://huggingface.co/{repository}/resolve/main/{name}"
_REACH_TIMEOUT_S = 10
_SHA256 = re.compile(r"[0-9a-f]{64}")


def hub_url(repository: str, name: str) -> str:
    """The address of a file in the hub, for people who download it on another machine."""
    return _HUB.format(repository=repository, name=name)


def hub_file(repository: str, name: str) -> Path:
    """The file in the local cache; it is downloaded first if it is not there.

    Raises:
        OSError, ValueError: it is not in the cache, and the hub cannot be reached or does not have it.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(repository, name)
    if isinstance(cached, str):
        return Path(cached)
    # The hub's client retries for half a minute before it says that there is no internet.
    urlopen(Request(hub_url(repository, name), method="HEAD"), timeout=_REACH_TIMEOUT_S).close()  # noqa: S310
    return Path(hf_hub_download(repository, name))


def hub_sha256(path: Path) -> str | None:
    """The SHA-256 that the hub gave for a file of the cache; None where the cache does not keep it.

    The cache names large files after their hash, and links to them.
    """
    name = path.resolve().name
    return name if _SHA256.fullmatch(name) else None
