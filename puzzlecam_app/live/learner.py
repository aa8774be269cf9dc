"""The live model of one dataset on one prior: sums that follow the history, stored so that they survive."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from db.live import TaughtMask
from trainer.machine.durable_write import write_atomic

if TYPE_CHECKING:
    from trainer.live.evidence import PictureEvidence
    from trainer.live.leave_one_out import ClassScore
    from trainer.live.model import Knowledge, LiveModel
    from trainer.live.trust import Trust

_FORMAT: Final = "puzzlecam-live-sums"
_VERSION: Final = 1
_log = logging.getLogger(__name__)

EvidenceOf = Callable[[int, TaughtMask], "PictureEvidence | None"]
"""(item id, mask) -> what the mask says, or None if it says nothing. Raises `NotReady` and other errors."""


class NotReady(Exception):  # noqa: N818 - a state, not a failure
    """The evidence of a mask would take long to compute, and the caller does not want to wait."""


class _NotWanted(Exception):  # noqa: N818 - a state, not a failure
    """Somebody waits for something more urgent."""


class Learner:
    """Sums over masks, and which masks they contain.

    Not thread-safe, but `knowledge` may be read at any time.

    ```
    sums.safetensors                     the sums and the masks that they contain
    evidence/<item>-<revision>-<tags>    what each mask says
    ```

    The two may be older than the history, or missing, or damaged: `follow` makes the sums right again.

    Args:
        folder: Of this dataset and this identity.
        identity: Of encoder and prior; files of another one are not used.
        background_threshold: Of the prior's maps.
        useless: Masks that nothing can be learned from, by item id.
        compute: Computes the evidence of a mask that is not in the folder; may be exchanged at any time.
    """

    def __init__(self, folder: Path, identity: str, background_threshold: float, compute: EvidenceOf) -> None:
        self._folder = folder
        self.identity = identity
        self._threshold = background_threshold
        self.compute = compute
        self.useless: dict[int, TaughtMask] = {}
        self.is_measured = False
        self.trust: Trust | None = None
        self.scores: dict[int, ClassScore] = {}
        self._held: dict[int, TaughtMask] = {}
        self._model = self._load() or self._empty()
        self.is_stored = True
        self.knowledge: Knowledge = self._model.fit(self.trust)

    @property
    def model(self) -> LiveModel:
        """The sums."""
        return self._model

    @property
    def held(self) -> Mapping[int, TaughtMask]:
        """The masks in the sums, by item id."""
        return self._held

    def follow(
        self,
        wanted: Mapping[int, TaughtMask],
        among: Collection[int] | None,
        is_time_up: Callable[[], bool] = lambda: False,
    ) -> set[int]:
        """Make the sums contain exactly the masks of `wanted`, as far as there is time.

        Args:
            wanted: The newest masks of people, by item id.
            among: The items that `wanted` speaks about; None for all.
            is_time_up: Asked before each mask that has to be added.

        Returns:
            Items whose masks are still to be added. Where a mask cannot be taken out, the sums are emptied:
            `held` is empty then, and all items must be looked at again.
        """
        items = set(wanted) | set(self._held) if among is None else set(among)
        left: set[int] = set()
        changed = False
        for item_id in sorted(items & set(self._held)):
            if wanted.get(item_id) == self._held[item_id]:
                continue
            try:
                is_out = self._subtract(item_id)
            except NotReady:
                left.add(item_id)
                continue
            changed = True
            if not is_out:
                self._start_again()
                return items
        # The newest decision first: it is about the pictures that people look at now.
        new = [item_id for item_id in items & set(wanted) if item_id not in self._held]
        for item_id in sorted(new, key=lambda one: -wanted[one].revision_id):
            if self.useless.get(item_id) == wanted[item_id]:
                continue
            if is_time_up():
                left.add(item_id)
                continue
            try:
                changed |= self._add(item_id, wanted[item_id])
            except NotReady:
                left.add(item_id)
        if changed:
            self.is_stored = self.is_measured = False
            if not self._held:
                self.trust, self.scores = None, {}  # what was measured was about masks that are gone
            self.refit()
        return left

    def measure(self, most: int, is_wanted: Callable[[], bool]) -> bool:
        """Leave out each of at most `most` masks in turn, and use the trust that follows.

        Args:
            most: Masks that are left out; the choice depends only on which masks there are.
            is_wanted: Asked before each mask. If it says no, nothing changes and False is returned.
        """
        from trainer.live.leave_one_out import leave_one_out

        chosen = sorted(self._held, key=lambda one: hashlib.sha256(str(one).encode()).digest())[:most]
        try:
            measured = leave_one_out(self._model, self._each(chosen, is_wanted))
        except _NotWanted:
            return False
        self.trust, self.scores = measured.trust, dict(measured.by_class)
        self.is_stored, self.is_measured = False, True
        self.refit()
        return True

    def _each(self, item_ids: list[int], is_wanted: Callable[[], bool]) -> Iterator[PictureEvidence]:
        for item_id in item_ids:
            if not is_wanted():
                raise _NotWanted
            found = self._evidence(item_id, self._held[item_id])
            if found is not None:
                yield found

    def refit(self) -> None:
        """Make `knowledge` follow from the sums and the trust."""
        self.knowledge = self._model.fit(self.trust)

    def store(self) -> None:
        """Write the sums to disk; a full disk only means that they are made again from the history."""
        import numpy as np
        import safetensors.numpy

        header = {
            "format": _FORMAT,
            "version": _VERSION,
            "identity": self.identity,
            "held": {str(item_id): asdict(taught) for item_id, taught in self._held.items()},
            "is_measured": self.is_measured,
            "trust": None
            if self.trust is None
            else {"by_class": list(self.trust.by_class.items()), "unseen": self.trust.unseen},
            "scores": [[index, asdict(score)] for index, score in self.scores.items()],
        }
        arrays = {name: np.ascontiguousarray(array) for name, array in self._model.to_arrays().items()}
        data = safetensors.numpy.save(arrays, metadata={"header": json.dumps(header)})
        try:
            write_atomic(self._sums_path, data)
            self._remove_old_evidence()
        except OSError as error:
            _log.warning("the sums of a live model cannot be stored: %s", error)
            return
        self.is_stored = True

    def _add(self, item_id: int, taught: TaughtMask) -> bool:
        try:
            evidence = self._evidence(item_id, taught)
        except NotReady:
            raise
        except Exception as error:  # a picture that is gone, a damaged mask: the others still teach
            _log.warning("nothing can be learned from picture %d: %s", item_id, error)
            evidence = None
        if evidence is None:
            self.useless[item_id] = taught
            return False
        self._model.add(evidence)
        self._held[item_id] = taught
        return True

    def _subtract(self, item_id: int) -> bool:
        """Take a mask out of the sums; False if they must be made again instead."""
        try:
            evidence = self._evidence(item_id, self._held[item_id])
            if evidence is None:
                return False
            self._model.subtract(evidence)
        except NotReady:
            raise
        except Exception as error:  # whatever it is, making the sums again is right
            _log.warning("the live model is made again, because picture %d: %s", item_id, error)
            return False
        del self._held[item_id]
        return True

    def _evidence(self, item_id: int, taught: TaughtMask) -> PictureEvidence | None:
        from trainer.live.evidence import EvidenceError, load_evidence, save_evidence

        path = self._evidence_path(item_id, taught)
        try:
            return load_evidence(path, self.identity)
        except EvidenceError:
            pass  # computed again
        evidence = self.compute(item_id, taught)
        if evidence is not None:
            try:
                save_evidence(path, evidence, self.identity)
            except OSError as error:
                _log.warning("the evidence of picture %d cannot be stored: %s", item_id, error)
        return evidence

    def _load(self) -> LiveModel | None:
        """The stored sums; None if they are missing, damaged or of another identity."""
        from safetensors import SafetensorError, safe_open

        from trainer.live.leave_one_out import ClassScore
        from trainer.live.model import LiveModel
        from trainer.live.trust import Trust

        try:
            with safe_open(self._sums_path, framework="numpy") as file:
                header: dict[str, Any] = json.loads((file.metadata() or {}).get("header", "{}"))
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            if (header.get("format"), header.get("version")) != (_FORMAT, _VERSION):
                return None
            if header["identity"] != self.identity:
                return None
            held = {
                int(item_id): TaughtMask(one["revision_id"], one["mask_hash"], tuple(one["tags"]))
                for item_id, one in header["held"].items()
            }
            stored = header["trust"]
            trust = stored and Trust(
                {int(index): float(value) for index, value in stored["by_class"]}, float(stored["unseen"])
            )
            scores = {int(index): ClassScore(**score) for index, score in header["scores"]}
            model = LiveModel.from_arrays(arrays)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            if self._sums_path.exists():
                _log.warning("the sums of a live model are damaged and are made again: %s", error)
            return None
        if model.masks != len(held) or model.background_threshold != self._threshold:
            return None
        self._held, self.trust, self.scores = held, trust, scores
        self.is_measured = bool(header["is_measured"])
        return model

    def _start_again(self) -> None:
        self._model, self._held = self._empty(), {}
        self.trust, self.scores = None, {}
        self.is_stored = self.is_measured = False
        self.refit()

    def _empty(self) -> LiveModel:
        from trainer.live.model import LiveModel

        return LiveModel(self._threshold)

    def _remove_old_evidence(self) -> None:
        """Remove the evidence of masks that the stored sums no longer contain."""
        used = {self._evidence_path(item_id, taught).name for item_id, taught in self._held.items()}
        for path in (self._folder / "evidence").glob("*.safetensors"):
            if path.name not in used:
                path.unlink(missing_ok=True)

    @property
    def _sums_path(self) -> Path:
        return self._folder / "sums.safetensors"

    def _evidence_path(self, item_id: int, taught: TaughtMask) -> Path:
        tags = hashlib.sha256(repr(taught.tags).encode()).hexdigest()[:8]
        return self._folder / "evidence" / f"{item_id}-{taught.revision_id}-{tags}.safetensors"
