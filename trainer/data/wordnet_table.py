"""WordNet's nouns over the 1,000 classes of ImageNet, as assets/classes/wordnet.txt lists them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trainer.assets import asset_path
from trainer.data.word_forms import plain_form


@dataclass(frozen=True)
class Synset:
    """One meaning of some words.

    Attributes:
        lemmas: the words, the usual one first; may be empty.
        class_index: ImageNet class that it is, or None.
        broader: numbers of the next broader synsets.
        classes: indices of the ImageNet classes that it is or that are kinds of it, ascending.
    """

    lemmas: tuple[str, ...]
    class_index: int | None
    broader: tuple[int, ...]
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Sense:
    """A word in one of its meanings: the number of the synset, and its rank by frequency, from 1."""

    synset: int
    rank: int


class WordNetTable:
    """Looks words up. A synset is named by its number, its position in the file."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Args:
        lines: as `trainer.data.make_wordnet_table` writes them; those that begin with # are comments.
        """
        rows = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
        broader = [tuple(int(one) for one in row[1].split(",") if one) for row in rows]
        found: list[set[int]] = [{int(row[0])} if row[0] else set() for row in rows]
        for number in reversed(range(len(rows))):  # broader synsets come first
            for one in broader[number]:
                found[one] |= found[number]
        senses: dict[str, list[Sense]] = {}
        synsets = []
        for number, row in enumerate(rows):
            lemmas = []
            for entry in filter(None, row[2].split(",")):
                lemma, _, rank = entry.partition(":")
                lemmas.append(lemma)
                senses.setdefault(plain_form(lemma), []).append(Sense(number, int(rank or 1)))
            index = int(row[0]) if row[0] else None
            synsets.append(Synset(tuple(lemmas), index, broader[number], tuple(sorted(found[number]))))
        self.synsets: Sequence[Synset] = tuple(synsets)
        self._senses = {word: tuple(sorted(all_, key=lambda one: one.rank)) for word, all_ in senses.items()}
        self.class_lemmas: tuple[tuple[str, ...], ...] = tuple(
            one.lemmas
            for one in sorted(
                (one for one in synsets if one.class_index is not None), key=lambda one: one.class_index or 0
            )
        )
        """For each ImageNet class, its lemmas."""
        self._number_of_class = {
            one.class_index: number for number, one in enumerate(synsets) if one.class_index is not None
        }

    def senses(self, word: str) -> tuple[Sense, ...]:
        """The meanings of a word in plain form, the most frequent first; () for an unknown one."""
        return self._senses.get(word, ())

    def class_in_words(self, index: int) -> str:
        """Up to three names of an ImageNet class; if it has only one, also what kind of thing it is."""
        lemmas = self.class_lemmas[index]
        if len(lemmas) > 1:
            return ", ".join(lemmas[:3])
        kind = self.kind(self._number_of_class[index])
        return f"{lemmas[0]} ({kind})" if kind else lemmas[0]

    def broader(self, number: int) -> Iterator[Synset]:
        """The synset itself and all broader ones, the nearest first."""
        due = {number: None}
        while due:
            one = next(iter(due))
            del due[one]
            yield self.synsets[one]
            due |= dict.fromkeys(self.synsets[one].broader)

    def kind(self, number: int) -> str:
        """The first lemma of a broader synset that has one, which tells meanings of a word apart; or ""."""
        own = self.synsets[number].lemmas
        broader = (lemma for one in self.broader(number) for lemma in one.lemmas[:1] if lemma not in own)
        return next(broader, "")


@functools.cache
def load_wordnet_table() -> WordNetTable:
    """Read the shipped table."""
    text = asset_path("classes/wordnet.txt").read_text(encoding="utf-8")
    return WordNetTable(text.splitlines())
