"""A dataset of an open workspace, for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from db.items import find_item
from db.labels import latest_label_set
from db.queue import MAX_PAGE, list_items
from db.queue_filter import QueueFilter
from db.status import STATUS_GROUPS
from puzzlecam_app.api.items import Item
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.exporting import ExportOptions, ExportReport, export_dataset
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.items import read_item
from puzzlecam_app.login_name import login_name
from puzzlecam_app.proposing.ahead import Failure, compute_now, plan_ahead
from puzzlecam_app.runs.snapshot import ALL
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.services import Services
from trainer.contract import DEFAULT_RECIPE


@dataclass(frozen=True)
class ClassInfo:
    """A class of a dataset. `index` is its value in masks, 1 to 254; `color` is ``#rrggbb``."""

    index: int
    name: str
    color: str


class Dataset:
    """A dataset of an open workspace."""

    def __init__(self, services: Services, dataset_id: int, name: str) -> None:
        self._services = services
        self.id = dataset_id
        self.name = name

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """The classes as the list is now, by index, without those that were merged or removed."""
        with self._services.database.read() as session:
            rows = latest_label_set(session, self.id).classes
            return tuple(ClassInfo(row.index, row.name, row.color) for row in rows if row.retired_to is None)

    def items(
        self, *, status: str | None = None, split: str | None = None, tag: str | None = None
    ) -> Iterator[Item]:
        """The pictures in natural order of their names, without missing ones.

        Args:
            status: Only pictures with this status (new, proposed, drafted, accepted, corrected, rejected,
                skipped) or in this group (todo, done).
            split: Only pictures in this split.
            tag: Only pictures with this tag.

        Raises:
            UserError: The dataset has no class `tag`. StorageError: There is no such status.
        """
        kept = QueueFilter(status=status, class_index=None if tag is None else self._index(tag), split=split)
        after: str | None = None
        while True:
            with self._services.database.read() as session:
                page = list_items(session, self.id, kept, after=after, limit=MAX_PAGE)
                found = [read_item(session, entry.item.id) for entry in page.items]
            yield from (Item(self._services, facts) for facts in found)
            if page.next is None:
                return
            after = page.next

    def item(self, name: str) -> Item:
        """The picture of that name, as the studio shows it; raises UserError if there is none."""
        with self._services.database.read() as session:
            found = find_item(session, self.id, name)
            if found is None:
                raise UserError(
                    f"there is no picture {name!r}", where=self.name, remedy="Names are those of items()"
                )
            return Item(self._services, read_item(session, found.id))

    def export(
        self,
        out_dir: str | Path,
        format: str = "voc",
        options: ExportOptions | None = None,
        *,
        progress: Progress | None = None,
    ) -> ExportReport:
        """Write the accepted masks to the folder `out_dir`; `options` choose others and change classes.

        Raises:
            UserError: There is nothing to export, or the folder cannot be used.
        """
        if options is None:
            options = ExportOptions(
                statuses=STATUS_GROUPS["done"], max_pixels=self._services.settings.max_image_pixels
            )
        database, masks = self._services.database, self._services.masks
        return export_dataset(
            database, masks, self.name, Path(out_dir), options, format=format, progress=progress
        )

    def propose(self, *, limit: int | None = None, progress: Progress | None = None) -> list[Failure]:
        """Compute the maps and proposals that are missing, of at most `limit` pictures.

        Returns:
            The pictures without a proposal, each with its `reason`.
        """
        plan = plan_ahead(self._services.database, self._services.proposals, self.id)
        return compute_now(self._services.proposals, plan.due[:limit], progress or (lambda *_: None))

    def start_run(
        self,
        recipe: str | Path = DEFAULT_RECIPE,
        *,
        split: str = ALL,
        name: str = "",
        overrides: Sequence[str] = (),
        device: str | None = None,
        author: str | None = None,
    ) -> int:
        """Queue a training run on the dataset as it is now; a worker trains it.

        Args:
            recipe: Name of a shipped recipe, or a TOML file.
            split: Split to train on.
            name: Name of the run; made from dataset and recipe by default.
            overrides: Settings of the recipe, such as ``classify.epochs=3``.
            device: cpu, cuda or cuda:N; by default that of the worker.
            author: Who starts it; by default the login name.

        Returns:
            The number of the run.

        Raises:
            UserError: No picture of the split has tags.
            trainer.errors.TrainerError: The recipe cannot be used.
        """
        from trainer.recipes import load_recipe

        request = RunRequest(
            self.id,
            load_recipe(str(recipe), overrides),
            author=author or login_name(),
            split=split,
            name=name,
            device=device,
        )
        services = self._services
        return start_run(services.database, services.masks, services.workspace.runs_dir, request).id

    def _index(self, tag: str) -> int:
        for one in self.classes:
            if one.name == tag:
                return one.index
        names = ", ".join(one.name for one in self.classes)
        raise UserError(f"there is no class {tag!r}", where=self.name, remedy=f"Choose one of {names}")
