"""Pictures with the same content: one of them is imported, and it gets what is known of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from db.natural_order import natural_key
from puzzlecam_app.interchange.check import CheckedPicture
from puzzlecam_app.interchange.problems import Problem, ignored, printable


def merge_duplicates(
    pictures: Sequence[CheckedPicture], sha256_of: Mapping[str, str]
) -> tuple[list[CheckedPicture], list[Problem]]:
    """The pictures in the natural order of names, with only one of those that have the same content.

    If one of them is already in the dataset, it is kept, otherwise the first by name. It gets the tags of the
    others: a picture that is in two class folders has two tags. It gets their mask and split too, unless it
    has its own; the problem of the other one then says what is lost.

    Args:
        pictures: Pictures that can be used.
        sha256_of: Content of the pictures that are already in the dataset, by name.
    """
    problems = []
    kept: dict[str, CheckedPicture] = {}
    by_name = sorted(pictures, key=lambda one: (natural_key(one.item.name), one.item.name))
    for one in sorted(by_name, key=lambda one: sha256_of.get(one.item.name) != one.sha256):
        first = kept.setdefault(one.sha256, one)
        if first is not one:
            kept[one.sha256], problem = _merged(first, one)
            problems.append(problem)
    return [kept[one.sha256] for one in by_name if kept[one.sha256].item.name == one.item.name], problems


def _merged(kept: CheckedPicture, other: CheckedPicture) -> tuple[CheckedPicture, Problem]:
    given, lost = ["tags"], []
    merged = replace(kept, item=replace(kept.item, tags=_joined(kept.item.tags, other.item.tags)))
    if other.mask_hash is not None and other.mask_hash != kept.mask_hash:
        if kept.mask_hash is None:
            given.append("mask")
            merged = replace(
                merged,
                mask_hash=other.mask_hash,
                mask_classes=other.mask_classes,
                objects=other.objects,
            )
        else:
            lost.append(f"its mask {printable(other.item.mask_place)}")
    if other.item.split is not None and other.item.split != kept.item.split:
        if kept.item.split is None:
            given.append("split")
            merged = replace(merged, item=replace(merged.item, split=other.item.split))
        else:
            lost.append(f"its split {other.item.split!r}")
    reason = f"the same picture as {printable(kept.item.path)}, which got its {_listed(given)} too"
    if lost:
        reason += (
            f"; {_listed(lost)} {'is' if len(lost) == 1 else 'are'} not used, because that one has its own"
        )
    return merged, ignored(other.item.path, reason, "Remove one of the two")


def _joined(tags: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*tags, *more)))


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
