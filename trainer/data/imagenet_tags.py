"""From a tag to the ImageNet classes that show it: by the user's aliases, a curated table, or WordNet."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from trainer.data.class_table import load_class_table
from trainer.data.labels import normalize_class_name
from trainer.data.word_forms import plain_form, word_forms
from trainer.data.wordnet_table import Sense, Synset, WordNetTable, load_wordnet_table

Origin = Literal["alias", "table", "wordnet", "kind", "ending", "none"]


@dataclass(frozen=True)
class TagMatch:
    """The ImageNet classes that stand for a tag.

    Attributes:
        class_name: the tag as given.
        weak: whether the map is only a guess (stand-ins, or no class at all).
        reason: one sentence for people.
        imagenet_indices: indices 0 .. 999 of the classes whose weights are used; empty means class-agnostic.
        imagenet_names: their first WordNet lemmas.
        origin: "alias"; "table" (the curated one); "wordnet" (a noun that has classes); "kind" (the next
            broader noun has); "ending" (names of classes end in it); or "none".
        read_as: other words for what the tag was taken for, such as "car"; "" where it is clear.
        remark: a sentence on other meanings of the tag; "" if there are none.
    """

    class_name: str
    weak: bool
    reason: str
    imagenet_indices: tuple[int, ...]
    imagenet_names: tuple[str, ...]
    origin: Origin = "none"
    read_as: str = ""
    remark: str = ""


@functools.lru_cache(maxsize=10_000)
def match_tag(class_name: str) -> TagMatch:
    """Find the ImageNet classes of a tag, without aliases (those: `trainer.data.tag_words`).

    It never fails; the worst case is a weak, class-agnostic match. The curated table takes precedence, then
    WordNet's nouns, of several meanings the most frequent one that has ImageNet classes.
    """
    forms = word_forms(class_name)
    return (
        _by_table(class_name, forms)
        or _by_noun(class_name, forms)
        or _by_kind(class_name, forms)
        or _by_ending(class_name, forms)
        or _nothing(class_name)
    )


def table_indices(class_name: str) -> tuple[int, ...]:
    """The classes that the curated table alone gives a tag; () if it is not listed, or listed without any."""
    match = _by_table(class_name, (plain_form(class_name),))
    return match.imagenet_indices if match else ()


def class_names_of(indices: Sequence[int]) -> tuple[str, ...]:
    """The first lemmas of ImageNet classes."""
    lemmas = load_wordnet_table().class_lemmas
    return tuple(lemmas[index][0] for index in indices)


def listed_classes(indices: Sequence[int], limit: int = 3) -> str:
    """Names of the first classes for a sentence, each once, and how many more there are.

    A single class is described by further names, which tell a computer mouse from the animal.
    """
    if len(indices) == 1:
        return load_wordnet_table().class_in_words(indices[0])
    names = list(dict.fromkeys(class_names_of(indices)))
    named = ", ".join(names[:limit])
    rest = len(names) - limit
    return f"{named} and {rest} more" if rest > 0 else named


def _by_table(class_name: str, forms: Sequence[str]) -> TagMatch | None:
    table = load_class_table()
    for name in map(normalize_class_name, forms):
        read_as = "" if name == plain_form(class_name) else name
        if name in table.counterparts:
            indices = table.counterparts[name]
            reason = f"The map of “{class_name}” comes from {_listed(indices)}."
            return _match(class_name, indices, "table", reason, read_as=read_as)
        if name in table.stand_ins:
            indices = table.stand_ins[name]
            reason = f"ImageNet has no class for “{class_name}”; its weak map comes from {_listed(indices)}."
            return _match(class_name, indices, "table", reason, weak=True, read_as=read_as)
        if name in table.class_agnostic:
            return _nothing(class_name)
    return None


def _by_noun(class_name: str, forms: Sequence[str]) -> TagMatch | None:
    """By a noun that has classes of its own; senses without any are passed over."""
    table = load_wordnet_table()
    for form in forms:
        senses = [sense for sense in table.senses(form) if table.synsets[sense.synset].classes]
        if senses:
            synset = table.synsets[senses[0].synset]
            remark = _other_senses(table, senses)
            return _match(
                class_name,
                synset.classes,
                "wordnet",
                f"The map of “{class_name}” comes from {_listed(synset.classes)}, found by WordNet name.",
                read_as=_other_lemma(synset, class_name) if remark else "",
                remark=remark,
            )
    return None


def _by_kind(class_name: str, forms: Sequence[str]) -> TagMatch | None:
    """By the nearest broader noun that is a class or in the curated table: a minicab is a cab."""
    table = load_wordnet_table()
    for form in forms:
        for sense in table.senses(form):
            for broader in table.broader(sense.synset):
                name = broader.lemmas[0] if broader.lemmas else ""
                if broader.class_index is not None:
                    reason = f"The map of “{class_name}” comes from ImageNet's {name}, which includes it."
                    return _match(class_name, broader.classes, "kind", reason, read_as=name)
                known = _known(broader)
                if known is not None:
                    reason = (
                        f"ImageNet has no class for “{class_name}”; its weak map is that of "
                        f"“{known.class_name}”: {_listed(known.imagenet_indices)}."
                    )
                    return _match(
                        class_name,
                        known.imagenet_indices,
                        "kind",
                        reason,
                        weak=True,
                        read_as=known.class_name,
                    )
    return None


def _known(synset: Synset) -> TagMatch | None:
    """The entry of the curated table for a synset; *mouse* there is not the animal."""
    matches = filter(None, (_by_table(lemma, (plain_form(lemma),)) for lemma in synset.lemmas))
    return next((one for one in matches if set(one.imagenet_indices) & set(synset.classes)), None)


def _by_ending(class_name: str, forms: Sequence[str]) -> TagMatch | None:
    """By names of classes that end in it."""
    endings = tuple(f" {form}" for form in forms)
    lemmas = load_wordnet_table().class_lemmas
    found = tuple(
        index
        for index, names in enumerate(lemmas)
        if any(plain_form(name).endswith(endings) for name in names)
    )
    if not found:
        return None
    reason = f"The map of “{class_name}” comes from {_listed(found)}, found by WordNet name."
    return _match(class_name, found, "ending", reason)


def _nothing(class_name: str) -> TagMatch:
    reason = f"ImageNet has no class for “{class_name}”; its map shows whatever stands out and is weak."
    return _match(class_name, (), "none", reason, weak=True)


def _other_lemma(synset: Synset, class_name: str) -> str:
    """Another word for the same, where that says more than the classes do."""
    if synset.class_index is not None:
        return ""
    given = word_forms(class_name)
    return next((lemma for lemma in synset.lemmas if plain_form(lemma) not in given), "")


def _other_senses(table: WordNetTable, senses: Sequence[Sense]) -> str:
    first, *others = senses
    own = table.synsets[first.synset].classes
    different = [sense for sense in others if not set(table.synsets[sense.synset].classes) <= set(own)]
    if different:
        meant = "; ".join(
            f"{table.kind(one.synset)} ({_examples(table.synsets[one.synset].classes)})"
            for one in different[:2]
        )
        return f"Other meanings: {meant}."
    if first.rank > 1:
        return "It has more frequent meanings that ImageNet has no class for."
    return ""


def _examples(indices: Sequence[int]) -> str:
    names = list(dict.fromkeys(class_names_of(indices)))
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _match(
    class_name: str,
    indices: tuple[int, ...],
    origin: Origin,
    reason: str,
    *,
    weak: bool = False,
    read_as: str = "",
    remark: str = "",
) -> TagMatch:
    return TagMatch(class_name, weak, reason, indices, class_names_of(indices), origin, read_as, remark)


def _listed(indices: Sequence[int], limit: int = 3) -> str:
    named = ", ".join(class_names_of(indices[:limit]))
    rest = len(indices) - limit
    return f"{named} and {rest} more ImageNet classes" if rest > 0 else f"ImageNet's {named}"
