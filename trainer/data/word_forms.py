"""The forms in which dictionaries list a word: without article, in the singular."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ARTICLES = ("a ", "an ", "the ")
_IRREGULAR = {
    "calves": "calf",
    "children": "child",
    "dice": "die",
    "elves": "elf",
    "feet": "foot",
    "geese": "goose",
    "halves": "half",
    "hooves": "hoof",
    "knives": "knife",
    "leaves": "leaf",
    "lice": "louse",
    "lives": "life",
    "loaves": "loaf",
    "men": "man",
    "mice": "mouse",
    "oxen": "ox",
    "people": "person",
    "scarves": "scarf",
    "sheaves": "sheaf",
    "shelves": "shelf",
    "teeth": "tooth",
    "thieves": "thief",
    "wives": "wife",
    "wolves": "wolf",
    "women": "woman",
}
_ENDINGS = (("men", "man"), ("mice", "mouse"), ("ies", "y"), ("i", "us"), ("ves", "f"), ("es", ""), ("s", ""))


def plain_form(name: str) -> str:
    """Lower case, with single spaces for `_`, `-` and spaces.

    >>> plain_form(" Great_White-Shark")
    'great white shark'
    """
    return re.sub(r"[\s_\-]+", " ", name).strip().lower()


def word_forms(name: str) -> tuple[str, ...]:
    """The forms to look a tag up by, the most literal first; some are no words.

    >>> word_forms("The_Fire-Engines")
    ('the fire engines', 'fire engines', 'the fire engine', 'fire engine')
    >>> word_forms("wolves")[:2]
    ('wolves', 'wolf')
    """
    plain = plain_form(name)
    bare = next((plain.removeprefix(one) for one in _ARTICLES if plain.startswith(one)), plain)
    forms = [plain, bare]
    for form in (plain, bare):
        forms += _singulars(form)
    return tuple(dict.fromkeys(form for form in forms if len(form) > 1))


def _singulars(name: str) -> Iterator[str]:
    before, space, last = name.rpartition(" ")
    if last in _IRREGULAR:
        yield f"{before}{space}{_IRREGULAR[last]}"
        return
    for ending, singular in _ENDINGS:
        stem = last.removesuffix(ending)
        # *gas* and *glass* are singular; *s* alone is no word.
        if stem != last and len(stem) > 1 and not last.endswith("ss"):
            yield f"{before}{space}{stem}{singular}"
