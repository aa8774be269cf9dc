"""The live models of all datasets."""

from __future__ import annotations

from db.engine import Database
from puzzlecam_app.live.reading import live_facts
from puzzlecam_app.live.state import ClassState, LiveState


class LiveModels:
    """The live models of a workspace, one for each dataset."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, dataset_id: int) -> LiveState:
        """What the panel shows; raises NotFoundError for an unknown dataset."""
        with self._database.read() as session:
            facts = live_facts(session, dataset_id)
        classes = tuple(
            ClassState(index, name, tagged_todo=facts.tagged_todo.get(index, 0))
            for index, name in facts.classes
        )
        return LiveState(
            is_paused=facts.rules.is_paused,
            is_computing=False,
            masks=0,
            waiting=len(facts.taught),
            measured_on=0,
            classes=classes,
            ignored=facts.ignored,
            reset_at=facts.reset_at,
            problem=None,
        )
