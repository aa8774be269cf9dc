"""How large the maps of each class get over a dataset, so that pictures can be shown on one common scale."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.engine import Database
from db.items import present_items, tags_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.proposing.work_queue import Priority, WorkQueue
from puzzlecam_app.runs.jobs import Report

if TYPE_CHECKING:
    from trainer.models.proposal import ProposalModel

PICTURES_A_CLASS = 6
"""How many tagged pictures of each class `Scales.measure` processes."""


@dataclass(frozen=True)
class ClassScale:
    """The largest value of a class in the sums over scales and views of `pictures` tagged pictures."""

    maximum: float
    pictures: int


class Maxima:
    """The largest value of each tag's map in each picture. Safe to use from several threads.

    There is one file per model, with one appended line per picture. A line that was cut off is ignored.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._last: tuple[Path, int, int, dict[str, dict[str, float]]] | None = None

    def add(self, model: str, sha256: str, maxima: dict[str, float]) -> None:
        """Store the maxima of a picture by name of the tag, unless they are stored already."""
        with self._lock:
            if self._read(model).get(sha256) == maxima:
                return
            line = json.dumps({"sha256": sha256, "maxima": maxima})
            path = self._path(model)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}")

    def read(self, model: str) -> dict[str, dict[str, float]]:
        """Maxima by hash of the picture, then by name of the tag."""
        with self._lock:
            return self._read(model)

    def _read(self, model: str) -> dict[str, dict[str, float]]:
        path = self._path(model)
        try:
            status = path.stat()
            if self._last is not None and self._last[:3] == (path, status.st_mtime_ns, status.st_size):
                return self._last[3]
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        found: dict[str, dict[str, float]] = {}
        for line in lines:
            try:
                entry = json.loads(line)
                found[str(entry["sha256"])] = {str(k): float(v) for k, v in entry["maxima"].items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        self._last = (path, status.st_mtime_ns, status.st_size, found)
        return found

    def _path(self, model: str) -> Path:
        return self._folder / f"{hashlib.sha256(model.encode()).hexdigest()[:32]}.jsonl"


class Scales:
    """Class scales of the datasets of an open workspace."""

    def __init__(self, database: Database, queue: WorkQueue, cache_dir: Path, max_image_pixels: int) -> None:
        self._database = database
        self._queue = queue
        self._max_image_pixels = max_image_pixels
        self._maxima = Maxima(cache_dir / "lab" / "maxima")

    def note(self, item: ItemFacts, model: ProposalModel, maxima: Sequence[float]) -> None:
        """Store the maxima of a picture that was processed, one for each of its tags."""
        named = {name: round(float(value), 6) for name, value in zip(item.tag_names, maxima, strict=True)}
        with contextlib.suppress(OSError):  # looked at again some time, when there is room
            self._maxima.add(model.identity, item.sha256, named)

    def of(self, dataset_id: int, model: ProposalModel) -> dict[str, ClassScale]:
        """The scale of each class, by name, over the pictures of a dataset that were processed so far."""
        with self._database.read() as session:
            hashes = {item.sha256 for item in present_items(session, dataset_id)}
        values: defaultdict[str, list[float]] = defaultdict(list)
        for sha256, maxima in self._maxima.read(model.identity).items():
            if sha256 in hashes:
                for name, value in maxima.items():
                    values[name].append(value)
        return {name: ClassScale(max(found), len(found)) for name, found in values.items()}

    def measure(self, dataset_id: int, model: ProposalModel, report: Report) -> int:
        """Process `PICTURES_A_CLASS` pictures of each class and return how many could be read.

        The pictures are spread evenly over the dataset. They are processed when nothing else is waiting.
        """
        from trainer.cams.inspection import cam_steps

        known = self._maxima.read(model.identity)
        with self._database.read() as session:
            items = present_items(session, dataset_id)
            tags = tags_of(session, [item.id for item in items])
            hashes = {item.id: item.sha256 for item in items}
        chosen = [item for item in _spread(tags) if hashes[item] not in known]
        measured = 0
        for number, item_id in enumerate(chosen):
            report(number, len(chosen))
            with self._database.read() as session:
                item = read_item(session, item_id)
            if not item.tags:
                continue  # they were removed meanwhile

            def work(item: ItemFacts = item) -> None:
                image = item.load_image(self._max_image_pixels)
                steps = cam_steps(model.sources, image, item.tag_names)
                self.note(item, model, steps.raw_chw.max(axis=(1, 2)).tolist())

            try:
                self._queue.submit(("lab scale", item_id), work, Priority.IDLE).result()
            except UserError:
                continue  # one unreadable file does not stop the others
            measured += 1
        report(len(chosen), len(chosen))
        return measured


def _spread(tags: dict[int, tuple[int, ...]]) -> Iterator[int]:
    """Ids of some pictures of each class, spread evenly over its pictures; each id once."""
    by_class: defaultdict[int, list[int]] = defaultdict(list)
    for item_id, indices in sorted(tags.items()):
        for index in indices:
            by_class[index].append(item_id)
    seen: dict[int, None] = {}
    for ids in by_class.values():
        count = min(PICTURES_A_CLASS, len(ids))
        seen.update(dict.fromkeys(ids[number * len(ids) // count] for number in range(count)))
    return iter(seen)
