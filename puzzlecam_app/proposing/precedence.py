"""Which proposal gives way to which: the one place where this is decided.

From the strongest to the weakest:

1. What a person has done, and masks that were imported: these stay.
2. A proposal of the live model as it is now, made from the maps of the dataset's model.
3. A proposal that was published from a run, and one of the dataset's model alone.
4. Proposals of earlier live models, of other runs, and of the zero-shot model.

Where the live model has learned nothing about a picture's tags, 2 is left out: the picture keeps a proposal
of kind 3, and a live proposal from earlier gives way to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from db.models import Revision
from puzzlecam_app.live.names import LiveName, step_of
from puzzlecam_app.live.view import NOTHING_LEARNED, LiveView
from puzzlecam_app.proposing.predictor import Predictor
from trainer.contract import RUN_KIND, ZERO_SHOT_KIND


class Prior(Protocol):
    """The model of a dataset, for the tags of one picture."""

    @property
    def proposer(self) -> str:
        """Identity of all that makes its masks."""

    def has_made(self, proposed_by: str | None) -> bool:
        """Whether a proposal comes from this model's maps."""


@dataclass(frozen=True, eq=False)
class PicturePrior:
    """A `Prior` made from a predictor and the tags of a picture."""

    predictor: Predictor
    class_names: Sequence[str]

    @property
    def proposer(self) -> str:
        """See `Prior`."""
        return self.predictor.proposer_of(self.class_names)

    def has_made(self, proposed_by: str | None) -> bool:
        """See `Prior`."""
        return self.predictor.has_made(proposed_by, self.class_names)


def is_due(
    newest: Revision | None,
    prior: Prior,
    view: LiveView = NOTHING_LEARNED,
    tags: Iterable[int] = (),
    *,
    is_ahead: bool = False,
) -> bool:
    """Whether a picture whose newest revision is `newest` should get a new proposal.

    Args:
        newest: The newest revision, None for a new picture.
        prior: The model of the dataset.
        view: What its live model knows.
        tags: Of the picture.
        is_ahead: Whether nobody has opened the picture. Its live proposal then stays until the number of
            masks behind it has reached another step (`step_of`), so that revisions do not pile up.
    """
    if newest is None or newest.action == "withdrawn":
        return True
    made_by = newest.proposed_by
    if newest.action != "proposed" or made_by is None:
        return False
    live = LiveName.parse(made_by)
    if live is not None:
        return _is_live_due(live, prior, view, tags, is_ahead=is_ahead)
    if prior.has_made(made_by):
        return view.knows(tags)
    # Whenever a picture is opened this is asked: the zero-shot model must not replace a run's proposal.
    gives_way = (ZERO_SHOT_KIND, RUN_KIND) if prior.proposer.startswith(RUN_KIND) else (ZERO_SHOT_KIND,)
    return made_by.startswith(gives_way)


def _is_live_due(
    made_by: LiveName, prior: Prior, view: LiveView, tags: Iterable[int], *, is_ahead: bool
) -> bool:
    if view.is_paused:
        return False
    now = view.name(prior.proposer)
    if now is None or not view.knows(tags):
        return True  # what it had learned was taken back
    if is_ahead and made_by.prior == now.prior:
        return step_of(made_by.masks) != step_of(now.masks)
    return made_by != now
