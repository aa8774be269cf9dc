"""A person's own words for classes: `aliases.toml`.

    "Gabelstapler" = "forklift"                    # another tag
    "hi-vis vest" = ["bulletproof vest", "jersey"] # names of ImageNet classes or WordNet nouns
    "team car" = [817, "407-409"]                  # or indices of ImageNet classes

Capitals, spaces, _ and - of a tag do not matter. The file has no tables.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trainer.data.class_table import load_class_table, parse_indices
from trainer.data.imagenet_tags import match_tag
from trainer.data.word_forms import plain_form, word_forms
from trainer.data.wordnet_table import load_wordnet_table
from trainer.errors import TrainerUsageError
from trainer.machine.durable_write import write_atomic
from trainer.machine.file_lock import FileLock

ALIASES_FILE = "aliases.toml"
_HEADER = '# What tags mean: "tag" = "another tag", or a list of names or indices of ImageNet classes.\n'
_WHAT = 'Give another tag in quotes, or a list such as ["forklift", 555].'


class AliasError(TrainerUsageError):
    """The file of aliases cannot be used; the message names file, line and what to do."""


@dataclass(frozen=True)
class Alias:
    """What one tag stands for.

    Attributes:
        tag: as written in the file.
        target: the other tag; "" for a list.
        indices: ImageNet classes, without repeats; empty if the other tag has none.
        weak: whether the map of the other tag is weak.
    """

    tag: str
    target: str
    indices: tuple[int, ...]
    weak: bool


@dataclass(frozen=True)
class Aliases:
    """The aliases of a file, by the plain form of their tags."""

    by_form: Mapping[str, Alias] = field(default_factory=dict)

    def find(self, tag: str) -> Alias | None:
        """The alias of a tag, or of its singular."""
        return next((self.by_form[form] for form in word_forms(tag) if form in self.by_form), None)


def load_aliases(path: Path) -> Aliases:
    """Read a file of aliases; a missing file has none.

    Raises:
        AliasError: the file cannot be read, is not TOML, or an alias in it cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Aliases()
    except (OSError, UnicodeDecodeError) as error:
        raise AliasError(f"{path} cannot be read: {error}.") from error
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AliasError(f'{path} is not valid TOML: {error}. Write "tag" = "another tag".') from error
    by_form: dict[str, Alias] = {}
    for tag, value in entries.items():
        where = f"{path}{_line_of(text, tag)}"
        form = plain_form(tag)
        if form in by_form:
            raise AliasError(
                f"{where}: “{tag}” and “{by_form[form].tag}” are the same tag. Remove one of them."
            )
        by_form[form] = _alias(where, tag, value)
    return Aliases(by_form)


def copy_aliases(source: Path, target: Path) -> None:
    """Copy a file of aliases that can be used.

    Raises:
        AliasError: it is missing or cannot be used.
    """
    load_aliases(source)
    try:
        write_atomic(target, source.read_bytes())
    except FileNotFoundError as error:
        raise AliasError(f"There is no file of aliases {source}. Check its name.") from error


def add_alias(path: Path, tag: str, target: str | int, *, remark: str = "") -> None:
    """Append an alias; what the file contains, comments included, stays as it is.

    Args:
        path: the file, which is created if it is missing.
        tag: the tag.
        target: the other tag, or the index of an ImageNet class.
        remark: a comment behind it, without #.

    Raises:
        AliasError: the file has an alias of this tag or cannot be used, or the target is unknown.
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    if not lock.acquire():
        raise AliasError(f"{path} is being changed by another process. Try again.")
    try:
        old = load_aliases(path).by_form.get(plain_form(tag))
        if old is not None:
            raise AliasError(f"{path} has an alias for “{old.tag}” already. Change it there.")
        _alias(str(path), tag, target if isinstance(target, str) else [target])
        written = _quoted(target) if isinstance(target, str) else f"[{target}]"
        text = path.read_text(encoding="utf-8") if path.is_file() else _HEADER
        if text and not text.endswith("\n"):
            text += "\n"
        comment = f"  # {' '.join(remark.split())}" if remark else ""
        write_atomic(path, f"{text}{_quoted(tag)} = {written}{comment}\n".encode())
    finally:
        lock.release()


def _alias(where: str, tag: str, value: object) -> Alias:
    if not plain_form(tag):
        raise AliasError(f'{where}: the tag is empty. Write "tag" = "another tag".')
    if isinstance(value, str):
        match = match_tag(value)
        if match.origin == "none" and not _is_known(value):
            raise AliasError(f"{where}: “{value}” is unknown.{_near(value)}")
        return Alias(tag, value, match.imagenet_indices, match.weak)
    if not isinstance(value, list) or not value:
        raise AliasError(f"{where}: “{tag}” stands for neither a tag nor a list. {_WHAT}")
    indices: list[int] = []
    for entry in value:
        indices += _indices(where, entry)
    return Alias(tag, "", tuple(dict.fromkeys(indices)), weak=False)


def _indices(where: str, entry: object) -> Sequence[int]:
    if isinstance(entry, bool) or not isinstance(entry, str | int):
        raise AliasError(f"{where}: {entry!r} is neither a name nor an index. {_WHAT}")
    if isinstance(entry, int) or entry[:1].isdigit():
        try:
            return parse_indices([entry])
        except ValueError as error:
            raise AliasError(f"{where}: {error} {_WHAT}") from error
    # The name of a class means just this class, although it may be a tag with another meaning.
    named = [i for i, names in enumerate(load_wordnet_table().class_lemmas) if entry in names]
    found = named or match_tag(entry).imagenet_indices
    if not found:
        raise AliasError(f"{where}: ImageNet has no class “{entry}”.{_near(entry)}")
    return found


def _is_known(value: str) -> bool:
    """Whether a word without classes is meant so: those that the curated table lists without any."""
    return bool(set(word_forms(value)) & load_class_table().class_agnostic)


def _near(word: str) -> str:
    names = [name for lemmas in load_wordnet_table().class_lemmas for name in lemmas]
    near = difflib.get_close_matches(word, names, n=1)
    return f" Is it “{near[0]}”?" if near else " Give the name of an ImageNet class or of something broader."


def _line_of(text: str, key: str) -> str:
    """ ", line N" of the first line that begins with a key; "" if none does."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.partition("=")[0].strip() in (key, f"'{key}'", _quoted(key)):
            return f", line {number}"
    return ""


def _quoted(text: str) -> str:
    """A TOML string; JSON escapes the same characters, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
