"""Makes assets/classes/wordnet.txt from a WordNet 3.0 database.

    python -m trainer.data.make_wordnet_table DICT [--out FILE]

DICT holds `index.noun` and `data.noun`, as in the npm package `WNdb` 3.0.1. ImageNet's class ids are offsets
of WordNet 3.0; in other versions they mean something else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from trainer.data.class_table import IMAGENET_CLASS_COUNT, load_class_table

MOST_CLASSES = 410
"""Synsets above more classes than this (*object*, *artifact*) say nothing about a
picture; they are left out."""

MOST_FREQUENT = 5
MOST_FREQUENT_KIND = 2
"""A word is not known in a rarer meaning than its fifth, unless it is the name of an ImageNet class; if it
has no classes of its own, in none rarer than its second: *crack* does not mean a champion."""

HEADER = """\
# The nouns of WordNet 3.0 that have to do with the 1,000 classes of ImageNet; licence: wordnet-LICENSE.txt.
# Made by python -m trainer.data.make_wordnet_table; do not edit it by hand.
# A line is a synset: ImageNet class (or nothing), lines of its broader synsets, lemmas. Synsets count from 0.
# lemma:3 means that this is the third most frequent meaning of the lemma; without a number it is the first.
"""


@dataclass
class Synset:
    """One meaning: its lemmas, and the offsets of the next broader meanings and those below it."""

    lemmas: tuple[str, ...]
    broader: tuple[str, ...]
    is_instance: bool
    narrower: list[str] = field(default_factory=list)


def read_synsets(data: Path) -> dict[str, Synset]:
    """Read `data.noun` (format: wndb(5WN)) -> synsets by offset."""
    synsets = {}
    for line in _lines(data):
        fields = line.partition(" | ")[0].split()
        count = int(fields[3], 16)
        pointers = fields[5 + 2 * count :]
        of_kind = dict.fromkeys(pointers[i + 1] for i in range(0, len(pointers), 4) if pointers[i] == "@")
        synsets[fields[0]] = Synset(
            lemmas=tuple(lemma.replace("_", " ") for lemma in fields[4 : 4 + 2 * count : 2]),
            broader=tuple(of_kind),
            is_instance=not of_kind and "@i" in pointers[::4],
        )
    for offset, synset in synsets.items():
        for broader in synset.broader:
            synsets[broader].narrower.append(offset)
    return synsets


def read_ranks(index: Path, synsets: Mapping[str, Synset]) -> dict[tuple[str, str], int]:
    """Read `index.noun` -> for (lemma in lower case, offset), its rank by frequency, from 1.

    Names of persons and places are not counted: whoever tags a picture with *crane* does not mean Hart Crane.
    """
    ranks = {}
    for line in _lines(index):
        fields = line.split()
        offsets = fields[-int(fields[2]) :]
        common = [offset for offset in offsets if not synsets[offset].is_instance]
        for rank, offset in enumerate(common, 1):
            ranks[fields[0].replace("_", " "), offset] = rank
    return ranks


def table_lines(
    synsets: Mapping[str, Synset],
    ranks: Mapping[tuple[str, str], int],
    classes: Sequence[str],
    known: Mapping[str, Collection[int]],
) -> Iterator[str]:
    """Lines of the table, broader synsets before narrower ones.

    Args:
        synsets: all nouns.
        ranks: see `read_ranks`.
        classes: offsets of the ImageNet classes, in the order of their indices.
        known: indices of the classes of words whose narrower words are kept too, such as *horse* (*pony*).

    Raises:
        ValueError: a class is not in the database, which is of another version then.
    """
    unknown = [offset for offset in classes if offset not in synsets]
    if unknown:
        raise ValueError(
            f"{len(unknown)} ImageNet classes are not in this database; WordNet 3.0 has them all."
        )
    below = _classes_below(synsets, classes)
    kept = {offset for offset, found in below.items() if len(found) <= MOST_CLASSES}
    kinds: set[str] = set()
    for offset in kept:
        if offset in classes or any(
            lemma in known and below[offset].intersection(known[lemma]) for lemma in synsets[offset].lemmas
        ):
            kinds |= _narrower(synsets, offset) - below.keys()
    words = {
        offset: _words(synset, offset, ranks, is_kind=offset in kinds, is_class=offset in classes)
        for offset, synset in synsets.items()
        if offset in kept | kinds
    }
    persons = {
        kind for one in kept if "person" in synsets[one].lemmas for kind in _narrower(synsets, one) & kinds
    }
    others = {word for offset in words.keys() - persons for word in words[offset]}
    for offset in persons:  # a *gull* in a picture is a bird, though more often a fool in books
        words[offset] = tuple(
            word for word in words[offset] if ":" not in word and not {word, f"{word}:2"} & others
        )
    ordered = _in_order(synsets, words)
    needed: set[str] = set()
    for offset in reversed(ordered):  # a synset that has lost all its lemmas only leads from one to another
        if words[offset] or offset in needed:
            needed |= {offset, *synsets[offset].broader}
    number_of = {offset: position for position, offset in enumerate(one for one in ordered if one in needed)}
    index_of = {offset: index for index, offset in enumerate(classes)}
    for offset in number_of:
        broader = sorted(number_of[one] for one in synsets[offset].broader if one in number_of)
        index = str(index_of.get(offset, ""))
        yield "\t".join((index, ",".join(map(str, broader)), ",".join(words[offset])))


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="latin-1") as file:
        yield from (line for line in file if not line.startswith("  "))  # the licence is indented


def _classes_below(synsets: Mapping[str, Synset], classes: Sequence[str]) -> dict[str, set[int]]:
    below: dict[str, set[int]] = {}
    for index, offset in enumerate(classes):
        due = [offset]
        while due:
            one = due.pop()
            if index not in below.setdefault(one, set()):
                below[one].add(index)
                due += synsets[one].broader
    return below


def _narrower(synsets: Mapping[str, Synset], offset: str) -> set[str]:
    """All synsets below `offset`."""
    found: set[str] = set()
    due = [offset]
    while due:
        new = set(synsets[due.pop()].narrower) - found
        found |= new
        due += new
    return found


def _words(
    synset: Synset, offset: str, ranks: Mapping[tuple[str, str], int], *, is_kind: bool, is_class: bool
) -> tuple[str, ...]:
    most = MOST_FREQUENT_KIND if is_kind else MOST_FREQUENT
    words = []
    for lemma in synset.lemmas:
        rank = ranks.get((lemma.lower(), offset), 1)
        is_latin = is_kind and lemma != lemma.lower()  # few people tag with the Latin names of species
        if is_class or (rank <= most and not is_latin):
            words.append(lemma if rank == 1 else f"{lemma}:{rank}")
    return tuple(words)


def _in_order(synsets: Mapping[str, Synset], kept: Collection[str]) -> list[str]:
    """Offsets, each after its broader ones."""
    ordered: dict[str, None] = {}

    def add(offset: str) -> None:
        for broader in synsets[offset].broader:
            if broader in kept and broader not in ordered:
                add(broader)
        ordered.setdefault(offset)

    for offset in sorted(kept):
        add(offset)
    return list(ordered)


def main(
    dictionary: Annotated[Path, typer.Argument(metavar="DICT", help="Folder with index.noun and data.noun.")],
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("assets/classes/wordnet.txt"),
) -> None:
    """Make the table of WordNet's nouns over ImageNet's classes."""
    from timm.data.imagenet_info import ImageNetInfo

    synsets = read_synsets(dictionary / "data.noun")
    ranks = read_ranks(dictionary / "index.noun", synsets)
    info = ImageNetInfo()
    classes = [info.index_to_label_name(index).removeprefix("n") for index in range(IMAGENET_CLASS_COUNT)]
    table = load_class_table()
    known = {word: set(found) for word, found in (table.counterparts | table.stand_ins).items()}
    lines = list(table_lines(synsets, ranks, classes, known))
    out.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    typer.echo(f"{out}: {len(lines)} synsets, {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    typer.run(main)
