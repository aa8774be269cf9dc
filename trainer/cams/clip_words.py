"""The words that CLIP compares a picture with: names of tags, background, and contrast for single tags."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from trainer.assets import asset_path

_TABLE = "classes/clip.toml"


@dataclass(frozen=True)
class ClipWords:
    """The table of words.

    Attributes:
        naclip_names: tag in small letters -> names that NACLIP's maps look for.
        naclip_background: words for what has no tag.
        contrast: candidates for pictures with a single tag.
        es_names: tag in small letters -> the name in CLIP-ES's sentence.
        es_background: words for what has no tag.
        fingerprint: short hash of the table, part of a classifier's identity.
    """

    naclip_names: dict[str, tuple[str, ...]]
    naclip_background: tuple[str, ...]
    contrast: tuple[str, ...]
    es_names: dict[str, str]
    es_background: tuple[str, ...]
    fingerprint: str

    def names(self, tag: str) -> tuple[str, ...]:
        """What NACLIP looks for: the names in the table, or the tag itself.

        >>> load_clip_words().names("leaf_blight")
        ('leaf blight',)
        """
        return self.naclip_names.get(spelled(tag).lower(), (spelled(tag),))

    def es_name(self, tag: str) -> str:
        """The name in CLIP-ES's sentence: that in the table, or the tag itself."""
        return self.es_names.get(spelled(tag).lower(), spelled(tag))


@functools.cache
def load_clip_words() -> ClipWords:
    """Read assets/classes/clip.toml."""
    content = asset_path(_TABLE).read_bytes()
    table = tomllib.loads(content.decode())
    naclip, es = table["naclip"], table["clip-es"]
    return ClipWords(
        naclip_names={tag: tuple(names) for tag, names in naclip["names"].items()},
        naclip_background=tuple(naclip["background"]),
        contrast=tuple(naclip["contrast"]),
        es_names=dict(es["names"]),
        es_background=tuple(es["background"]),
        fingerprint=hashlib.sha256(content).hexdigest()[:8],
    )


def spelled(tag: str) -> str:
    """A tag as people write it.

    >>> spelled("hi-vis_vest ")
    'hi-vis vest'
    """
    return " ".join(tag.replace("_", " ").split())


def without(words: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The words that do not occur in any of the names, so that a tag never competes with itself.

    >>> without(["grass", "sky", "rail"], ["tall Grass", "railway"])
    ('sky', 'rail')
    """
    used = {word for name in names for word in _parts(name)}
    return tuple(word for word in words if not _parts(word) <= used)


def _parts(name: str) -> frozenset[str]:
    return frozenset(name.lower().replace(",", " ").split())
