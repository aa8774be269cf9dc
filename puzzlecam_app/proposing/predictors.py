"""The proposal model of each dataset: that of its published run, else the studio's own model."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from db.engine import Database
from db.errors import StorageError
from db.publications import published_run
from puzzlecam_app.errors import UserError
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.runs.folder import RunFolder, proposer
from trainer.contract import CLASSIFY

if TYPE_CHECKING:
    from trainer.models.proposal import ProposalModel

_KEPT: Final = 2
"""Models of runs held in memory at once."""
_ASK_AGAIN_S: Final = 600.0
_log = logging.getLogger(__name__)


class Predictors:
    """Predictors by dataset. Safe to call from several threads.

    Args:
        own: The studio's own, for datasets without a published run.
        runs_dir: Folder of the runs in the workspace.
        cams_dir: Folder of the cached maps; models do not share entries in it.
        min_piece_share: See `Settings.min_piece_share`.
        bring: Fetches the files of a run that this machine lacks; None if they are nowhere else.
    """

    def __init__(
        self,
        database: Database,
        own: Predictor,
        runs_dir: Path,
        cams_dir: Path,
        min_piece_share: float | None = None,
        bring: Callable[[int], object] | None = None,
    ) -> None:
        self._database = database
        self._own = own
        self._runs_dir = runs_dir
        self._cams_dir = cams_dir
        self._min_piece_share = min_piece_share
        self._bring = bring
        self._bringing: dict[int, float] = {}
        self._lock = threading.Lock()
        self._by_run: OrderedDict[int, Predictor] = OrderedDict()

    def of(self, dataset_id: int) -> Predictor:
        """The predictor of the run that the dataset has published now, else the studio's own."""
        with self._database.read() as session:
            run_id = published_run(session, dataset_id)
        if run_id is None:
            return self._own
        directory = RunFolder.of(self._runs_dir, run_id).train
        if not directory.model_path(CLASSIFY).is_file():
            self._ask_for(run_id)
            return self._own  # the run's files are on another machine, or were deleted
        with self._lock:
            if run_id not in self._by_run:
                self._by_run[run_id] = Predictor(
                    # Other processes load it as well, so it holds nothing but values.
                    partial(_load, directory.path, self._min_piece_share),
                    self._cams_dir,
                    proposer(run_id),
                )
            self._by_run.move_to_end(run_id)
            while len(self._by_run) > _KEPT:
                self._by_run.popitem(last=False)
            return self._by_run[run_id]

    def _ask_for(self, run_id: int) -> None:
        """Fetch the files of a run in the background; after a failure, not again for a while."""
        now = time.monotonic()
        with self._lock:
            if self._bring is None or now < self._bringing.get(run_id, 0):
                return
            self._bringing[run_id] = now + _ASK_AGAIN_S
        threading.Thread(target=self._fetch, args=(run_id,), name=f"run {run_id}", daemon=True).start()

    def _fetch(self, run_id: int) -> None:
        try:
            if self._bring is not None:
                self._bring(run_id)
        except (UserError, StorageError) as error:
            _log.warning("the model of run %s cannot be used here: %s", run_id, error)


def _load(run_dir: Path, min_piece_share: float | None) -> ProposalModel:
    from trainer.models.proposal import run_model

    return run_model(run_dir, min_piece_share=min_piece_share)
