"""What tags mean to the zero-shot classifier: by aliases, else by `trainer.data.imagenet_tags`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from trainer.data.aliases import Aliases, load_aliases
from trainer.data.imagenet_tags import TagMatch, class_names_of, listed_classes, match_tag, table_indices


class TagWords:
    """Matches tags with ImageNet classes. A changed file of aliases is read again at the next tag."""

    def __init__(self, alias_file: Path | None = None) -> None:
        """Args:
        alias_file: see `trainer.data.aliases`; it may be missing.
        """
        self.alias_file = alias_file
        self._read: tuple[tuple[int, int] | None, Aliases] = (None, Aliases())

    def match(self, tag: str) -> TagMatch:
        """The ImageNet classes of a tag.

        Raises:
            trainer.data.aliases.AliasError: the file of aliases cannot be used.
        """
        alias = self._aliases().find(tag)
        if alias is None:
            return match_tag(tag)
        if not alias.indices:
            return replace(match_tag(alias.target), class_name=tag, origin="alias", read_as=alias.target)
        reason = f"The map of “{tag}” comes from {listed_classes(alias.indices)}, as its alias says."
        names = class_names_of(alias.indices)
        return TagMatch(tag, alias.weak, reason, alias.indices, names, "alias", alias.target)

    def meaning_of(self, tags: Sequence[str]) -> str:
        """A short hash of the ImageNet classes of some tags; "" if they are those of the curated table.

        The curated table is part of the classifier's identity, so its tags need nothing more.

        Raises:
            trainer.data.aliases.AliasError: the file of aliases cannot be used.
        """
        own = [(tag, self.match(tag).imagenet_indices) for tag in tags]
        beyond = [f"{tag}\0{indices}" for tag, indices in own if indices != table_indices(tag)]
        return hashlib.sha256("\n".join(beyond).encode()).hexdigest()[:8] if beyond else ""

    def aliased(self, tags: Sequence[str]) -> dict[str, list[int]]:
        """The ImageNet classes of the tags that have an alias, as JSON values.

        Raises:
            trainer.data.aliases.AliasError: the file of aliases cannot be used.
        """
        matches = [self.match(tag) for tag in tags]
        return {one.class_name: list(one.imagenet_indices) for one in matches if one.origin == "alias"}

    def _aliases(self) -> Aliases:
        if self.alias_file is None:
            return Aliases()
        try:
            found = self.alias_file.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            stamp = None
        known, aliases = self._read
        if stamp is None:
            return Aliases()
        if stamp != known:
            aliases = load_aliases(self.alias_file)
            self._read = (stamp, aliases)
        return aliases
