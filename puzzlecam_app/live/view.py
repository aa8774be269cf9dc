"""What the live model of a dataset knows at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from puzzlecam_app.live.names import LiveName

if TYPE_CHECKING:
    from trainer.live.model import Knowledge


_PROVED_TRUST: Final = 0.35
"""The panel calls such a trust medium."""


@dataclass(frozen=True, eq=False)
class LiveView:
    """Immutable, and safe to use from several threads.

    Attributes:
        is_paused: proposals stay as they are.
        knowledge: what was learned; None if nothing was, or the model is paused or not available.
    """

    is_paused: bool = False
    knowledge: Knowledge | None = None

    def knows(self, tags: Iterable[int]) -> bool:
        """Whether something was learned that changes the maps of one of these classes."""
        knowledge = self.knowledge
        return knowledge is not None and any(knowledge.trust_in(index) > 0 for index in tags)

    def has_proved(self, class_index: int) -> bool:
        """Whether leaving masks out has shown that what was learned about a class helps."""
        knowledge = self.knowledge
        return knowledge is not None and knowledge.trust.by_class.get(class_index, 0.0) >= _PROVED_TRUST

    def name(self, prior: str) -> LiveName | None:
        """The name of a proposal of this moment, made from the maps of `prior` (a `Predictor.proposer`)."""
        if self.knowledge is None:
            return None
        return LiveName(self.knowledge.masks, self.knowledge.identity, prior)


NOTHING_LEARNED = LiveView()
