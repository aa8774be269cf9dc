"""What a stage declares about itself, gets and returns.

A stage is a module that has the attributes of `Stage`. The pipeline and the stage graph know nothing else
about it. To add one: name it in `trainer.contract.STAGES`, give the recipe settings of the same name
(`trainer.config.Recipe`), and write the module `trainer/stages/<name>.py`. The module of a stage that later
rounds run (`trainer.contract.LATER_STAGES`) also has `in_later_round(number)`, which returns a `LaterStage`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from trainer.config import Recipe
from trainer.contract import not_done
from trainer.run.stage_context import StageContext


@dataclass(frozen=True)
class StageResult:
    """What a stage reports.

    Attributes:
        summary: counts and figures for the manifest, as JSON values.
        skipped: why it had nothing to do, in a sentence for people; None if it did its work.
        left_out: what it did not do although it ran, and why, in a sentence for people.
    """

    summary: dict[str, Any] = field(default_factory=dict)
    skipped: str | None = None
    left_out: str | None = None

    @property
    def not_done(self) -> dict[str, str]:
        """What was not done, as fields of events and of the manifest's summary."""
        return not_done({"skipped": self.skipped, "left_out": self.left_out})


class Stage(Protocol):
    """The module of a stage.

    Attributes:
        NAME: its name in `trainer.contract`.
        VERSION: raised when its arithmetic changes; outputs of an earlier version then count as stale.
        NEEDS: stages whose outputs it reads.
        USES: stages whose outputs it reads if they are there.
        MAKES: files and folders it writes, relative to the run directory.
        STARTS_FROM_BACKBONE: whether it loads the ImageNet weights of the backbone; a run checks them
            before it starts.
        KEY_IS_COMPLETE: whether its key covers all that it reads. Only then may a run take its outputs from
            another run with the same key.
    """

    NAME: str
    VERSION: int
    NEEDS: tuple[str, ...]
    USES: tuple[str, ...]
    MAKES: tuple[str, ...]
    STARTS_FROM_BACKBONE: bool
    KEY_IS_COMPLETE: bool

    def accepted_key(self, recipe: Recipe, masks: str) -> Mapping[str, Any]:
        """The part of the key that depends on accepted masks; called only where the dataset has any.

        Args:
            recipe: the run's recipe.
            masks: hash of the accepted masks and of the pictures.

        Returns:
            JSON values; nothing where accepted masks reach the stage only through its inputs.
        """

    def run(self, context: StageContext) -> StageResult:
        """Do the work; every process calls it. Outputs of an interrupted attempt are still there."""


@dataclass(frozen=True)
class LaterStage:
    """A stage in a round after the first; attributes and functions as in `Stage`."""

    NAME: str
    VERSION: int
    NEEDS: tuple[str, ...]
    MAKES: tuple[str, ...]
    STARTS_FROM_BACKBONE: bool
    KEY_IS_COMPLETE: bool
    accepted_key: Callable[[Recipe, str], Mapping[str, Any]]
    run: Callable[[StageContext], StageResult]
    USES: tuple[str, ...] = ()
