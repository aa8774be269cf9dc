"""What people can say about a tag of a picture."""

from __future__ import annotations

from typing import Final, Literal, get_args

TagAction = Literal["added", "refused", "removed", "kept"]
TAG_ACTIONS: Final[tuple[TagAction, ...]] = get_args(TagAction)
"""``added``: the class is there. ``refused``: it is not, and has no tag. ``removed``: it is not, although it
had a tag. ``kept``: its tag is right, although it was doubted."""

PRESENT: Final[tuple[TagAction, ...]] = ("added", "kept")
"""Actions after which the picture has the tag; after the others it does not."""
