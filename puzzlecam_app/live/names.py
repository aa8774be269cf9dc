"""The names under which the live model proposes masks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"live/(\d+)/([^+/]+)\+(.*)", re.DOTALL)


@dataclass(frozen=True)
class LiveName:
    """What made a proposal: `masks` accepted masks, the weights that followed from them, and the prior.

    >>> str(LiveName(12, "1f3a", "zero-shot-v3"))
    'live/12/1f3a+zero-shot-v3'
    """

    masks: int
    identity: str
    prior: str

    def __str__(self) -> str:
        return f"live/{self.masks}/{self.identity}+{self.prior}"

    @classmethod
    def parse(cls, proposed_by: str | None) -> LiveName | None:
        """The name that a proposal carries; None if the live model did not make it."""
        found = _NAME.fullmatch(proposed_by or "")
        return None if found is None else cls(int(found[1]), found[2], found[3])


def step_of(masks: int) -> int:
    """How many of the steps 1, 2, 3, 5, 8, 12, 20, 32, ... a number of masks has reached.

    Proposals that nobody looks at are renewed only when a step is reached, because each further mask changes
    them less.
    """
    reached, step, following = 0, 1, 2
    while masks >= step:
        reached += 1
        step, following = following, _after(following)
    return reached


def _after(step: int) -> int:
    small = {2: 3, 3: 5, 5: 8, 8: 12, 12: 20}
    return small.get(step) or round(step * 1.6)
