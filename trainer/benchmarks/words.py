"""How often is a made-up synonym of a VOC class understood: by WordNet, and by meaning?

    python -m trainer.benchmarks.words [--json]

The synonyms are in assets/classes/voc_synonyms.toml. An answer is right if most of its ImageNet classes are
among those that the curated table gives the VOC class. Needs the extra `meaning`.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from trainer.assets import asset_path
from trainer.data.imagenet_tags import match_tag
from trainer.data.meaning import Candidate, MeaningIndex, imagenet_candidates, tag_candidates
from trainer.errors import TrainerError
from trainer.pretrained.sentences import MiniLmEncoder


@dataclass(frozen=True)
class Answer:
    """What one way made of a synonym; `name` is "" if it found nothing."""

    way: str
    synonym: str
    class_name: str
    name: str
    is_right: bool
    score: float | None = None


def load_synonyms() -> dict[str, list[str]]:
    """The made-up synonyms of each VOC class."""
    entries = tomllib.loads(asset_path("classes/voc_synonyms.toml").read_text(encoding="utf-8"))
    return {name: list(words) for name, words in entries.items()}


def is_right(indices: Sequence[int], class_name: str) -> bool:
    """Whether more than half of the ImageNet classes are those of the VOC class."""
    own = set(match_tag(class_name).imagenet_indices)
    return len(own.intersection(indices)) * 2 > len(indices)


def indices_of(candidate: Candidate) -> tuple[int, ...]:
    """The ImageNet classes that accepting a candidate gives."""
    if candidate.class_index is not None:
        return (candidate.class_index,)
    return match_tag(candidate.name).imagenet_indices


def answers(synonyms: Mapping[str, Sequence[str]], indices: Mapping[str, MeaningIndex]) -> list[Answer]:
    """What WordNet and each index make of each synonym.

    Args:
        synonyms: for each class, other words for it.
        indices: for each way by meaning, what finds suggestions.
    """
    found = []
    for class_name, words in synonyms.items():
        for word in words:
            match = match_tag(word)
            name = match.read_as or ", ".join(match.imagenet_names[:2])
            right = is_right(match.imagenet_indices, class_name)
            found.append(Answer("WordNet", word, class_name, name, right))
            for way, index in indices.items():
                (best,) = index.suggest(word)
                right = is_right(indices_of(best.candidate), class_name)
                found.append(Answer(way, word, class_name, best.candidate.name, right, best.score))
    return found


def summary(found: Sequence[Answer]) -> dict[str, Any]:
    """For each way, how many synonyms it answered, and how many rightly; also of those unknown to WordNet."""
    unknown = {one.synonym for one in found if one.way == "WordNet" and not one.name}
    rows: dict[str, Counter[str]] = {}
    for one in found:
        row = rows.setdefault(one.way, Counter())
        row["synonyms"] += 1
        row["answered"] += bool(one.name)
        row["right"] += one.is_right
        row["unknown"] += one.synonym in unknown
        row["right_of_unknown"] += one.is_right and one.synonym in unknown
    return {way: dict(row) for way, row in rows.items()}


def main(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Measure how often made-up synonyms of VOC's names are understood."""
    try:
        encoder = MiniLmEncoder()
    except TrainerError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from error
    classes = imagenet_candidates()
    indices = {
        "1,000 classes": MeaningIndex(encoder, classes),
        "classes and curated tags": MeaningIndex(encoder, (*tag_candidates(), *classes)),
    }
    found = answers(load_synonyms(), indices)
    if as_json:
        typer.echo(json.dumps({"summary": summary(found), "answers": [vars(one) for one in found]}, indent=2))
        return
    for one in found:
        score = "" if one.score is None else f" {one.score:.2f}"
        sign = "right" if one.is_right else "wrong" if one.name else "-"
        typer.echo(f"{one.way:26}{one.synonym:28}{one.class_name:12}{sign:6}{one.name}{score}")
    for way, row in summary(found).items():
        typer.echo(
            f"{way}: {row['answered']} of {row['synonyms']} answered, {row['right']} right; of the "
            f"{row['unknown']} that WordNet does not know, {row['right_of_unknown']} right"
        )


if __name__ == "__main__":
    typer.run(main)
