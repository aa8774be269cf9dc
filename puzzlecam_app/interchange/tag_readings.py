"""How the studio understands tags, in words; what they may mean; and agreeing to that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from puzzlecam_app.errors import UserError
from trainer.data.aliases import add_alias
from trainer.data.imagenet_tags import listed_classes
from trainer.data.tag_words import TagWords
from trainer.pretrained.sentences import NOT_INSTALLED, MiniLmEncoder, is_installed

if TYPE_CHECKING:
    from trainer.data.meaning import MeaningIndex

NOTHING = "nothing; until a run has learned it, its map shows whatever stands out"


class TagSuggestion(BaseModel):
    """What a tag may mean, found by comparing meanings; nobody has agreed to it."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="A tag, or the name of an ImageNet class.")
    imagenet_class: int | None = Field(description="Index of the class; null if the name is a tag.")
    score: float = Field(description="Cosine of the two meanings; 1 is the same.")

    @property
    def words(self) -> str:
        """Name and score for people."""
        return f"{self.name} ({self.score:.2f})"


class TagReading(BaseModel):
    """What one tag was understood as."""

    model_config = ConfigDict(frozen=True)

    tag: str
    understood_as: str = Field(description="Classes of ImageNet, or that there are none.")
    origin: str = Field(description="alias, table, wordnet, kind, ending or none.")
    imagenet_classes: tuple[int, ...] = Field(description="Their indices, 0 to 999.")
    weak: bool = Field(description="Whether the first map is only a hint.")
    remark: str = Field(default="", description="Other meanings that the tag may have.")
    suggestion: TagSuggestion | None = None

    @property
    def note(self) -> str:
        """What a person should check, or ""."""
        notes = ["By its alias."] if self.origin == "alias" else []
        if self.remark:
            notes.append(self.remark)
        if self.weak and self.imagenet_classes:
            notes.append("The map is weak.")
        if self.suggestion is not None:
            notes.append(f"Suggested by meaning: {self.suggestion.words}.")
        return " ".join(notes)

    @property
    def sentence(self) -> str:
        """The reading as a line for people.

        >>> TagReading(tag="cab", understood_as="cab", origin="table", imagenet_classes=(468,),
        ...            weak=False).sentence
        'cab -> cab'
        """
        line = f"{self.tag} -> {self.understood_as}"
        return f"{line}. {self.note}" if self.note else line


class TagReader:
    """Reads tags with a file of aliases, and suggests meanings if the extra `meaning` is installed."""

    def __init__(
        self,
        alias_file: Path | None = None,
        cache_dir: Path | None = None,
        load_index: Callable[[Path | None], MeaningIndex] | None = None,
    ) -> None:
        """Args:
        alias_file: the aliases, see `trainer.data.aliases`; None has none.
        cache_dir: folder for what takes long to compute; None keeps nothing.
        load_index: loads what finds suggestions; that of the extra when None.
        """
        self.alias_file = alias_file
        self._words = TagWords(alias_file)
        self._cache_dir = cache_dir
        self._load_index = load_index or (_index if is_installed() else None)

    @property
    def can_suggest(self) -> bool:
        """Whether the extra `meaning` is installed."""
        return self._load_index is not None

    @property
    def hint(self) -> str:
        """A sentence on what to install, where tags cannot be compared by meaning; else ""."""
        return "" if self.can_suggest else NOT_INSTALLED

    def read(self, tags: Sequence[str], *, suggest: bool = False) -> tuple[TagReading, ...]:
        """Readings of some tags, in their order.

        Args:
            tags: names of classes.
            suggest: look for the meanings of tags that were not understood; takes seconds, and finds nothing
                if the extra is not installed.

        Raises:
            trainer.data.aliases.AliasError: the file of aliases cannot be used.
            trainer.errors.TrainerError: the extra is damaged.
        """
        readings = [_reading(tag, self._words) for tag in tags]
        if not suggest or self._load_index is None or all(one.imagenet_classes for one in readings):
            return tuple(readings)
        index = self._load_index(self._cache_dir)
        return tuple(
            one
            if one.imagenet_classes
            else one.model_copy(update={"suggestion": _suggestion(index, one.tag)})
            for one in readings
        )

    def accept(self, reading: TagReading) -> None:
        """Write a suggestion into the file of aliases.

        Raises:
            UserError: there is no suggestion, or the file cannot be written.
            trainer.data.aliases.AliasError: the file has an alias of the tag, or cannot be used.
        """
        suggested = reading.suggestion
        if suggested is None or self.alias_file is None:
            raise UserError(f"there is no suggestion for the tag {reading.tag!r}")
        target = suggested.name if suggested.imagenet_class is None else suggested.imagenet_class
        remark = f"{suggested.name}: accepted, found by meaning with score {suggested.score:.2f}"
        try:
            add_alias(self.alias_file, reading.tag, target, remark=remark)
        except OSError as error:
            raise UserError(
                f"the alias cannot be stored ({error.strerror})",
                where=str(self.alias_file),
                remedy="Free some disk space or allow writing, and try again",
            ) from error


def _reading(tag: str, words: TagWords) -> TagReading:
    match = words.match(tag)
    classes = listed_classes(match.imagenet_indices)
    understood = classes or NOTHING
    if classes and not classes.startswith(match.read_as):
        understood = f"{match.read_as}: {classes}"
    return TagReading(
        tag=tag,
        understood_as=understood,
        origin=match.origin,
        imagenet_classes=match.imagenet_indices,
        weak=match.weak,
        remark=match.remark,
    )


def _index(cache_dir: Path | None) -> MeaningIndex:
    from trainer.data.meaning import MeaningIndex, imagenet_candidates, tag_candidates

    return MeaningIndex(MiniLmEncoder(), (*tag_candidates(), *imagenet_candidates()), cache_dir)


def _suggestion(index: MeaningIndex, tag: str) -> TagSuggestion:
    (best,) = index.suggest(tag)
    return TagSuggestion(
        name=best.candidate.name, imagenet_class=best.candidate.class_index, score=best.score
    )
