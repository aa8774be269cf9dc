"""How a study trains: the recipe of its runs, and how they are executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer import pipeline
from trainer.cluster.connection import Cluster
from trainer.cluster.tasks import run_tasks
from trainer.config import Recipe
from trainer.contract import EventKind
from trainer.run.directory import RunDir
from trainer.run.events import Listener


@dataclass(frozen=True)
class Training:
    """The recipe of a study's runs, and how they are executed; see `trainer.pipeline.run`.

    Attributes:
        recipe: settings of every run.
        device: "cpu", "cuda" or None, which chooses.
        reuse: finished run directories whose stages may be copied.
        listeners: called with every event of the runs; of runs on a cluster, only how many are done.
        cluster: on which `run_all` has runs done at once; None does one after another here.
    """

    recipe: Recipe
    device: str | None = None
    reuse: tuple[Path, ...] = ()
    listeners: tuple[Listener, ...] = ()
    cluster: Cluster | None = None

    def with_recipe(self, **changes: Any) -> Training:
        """Return the same training with some top-level settings of the recipe changed, such as `seed`."""
        return replace(self, recipe=self.recipe.model_copy(update=changes))

    def run(
        self,
        dataset_root: Path | str,
        split: str,
        run_dir: Path,
        stages: Sequence[str],
        reuse: Sequence[Path] = (),
    ) -> RunDir:
        """Run stages on a dataset; `reuse` comes before the run directories of the study."""
        return pipeline.run(
            self.recipe,
            dataset_root,
            split,
            run_dir,
            stages,
            device=self.device,
            listeners=self.listeners,
            reuse=(*reuse, *self.reuse),
        )

    def run_all(self, chains: Sequence[Sequence[Part]]) -> list[list[RunDir]]:
        """Do runs of a study; the runs of a chain follow each other and may take over each other's stages.

        Raises:
            TrainerError: see `trainer.pipeline.run`. Called again, this continues.
        """
        if self.cluster is None:
            return [_chain_done(chain) for chain in chains]

        def tell(done: int, total: int) -> None:
            for listener in self.listeners:
                listener({"kind": EventKind.PROGRESS, "stage": "runs", "done": done, "total": total})

        device = self.cluster.device
        remote = [[part.elsewhere(device) for part in chain] for chain in chains]
        return run_tasks(self.cluster, _chain_done, remote, advance=tell)


@dataclass(frozen=True)
class Part:
    """A run of a study; see `Training.run`."""

    training: Training
    dataset_root: Path | str
    split: str
    run_dir: Path
    stages: Sequence[str]
    reuse: tuple[Path, ...] = ()

    def run(self, reuse: Sequence[Path] = ()) -> RunDir:
        """Do it; `reuse` comes before its own."""
        return self.training.run(
            self.dataset_root, self.split, self.run_dir, self.stages, (*reuse, *self.reuse)
        )

    def elsewhere(self, device: str) -> Part:
        """The same run as another process does it."""
        return replace(self, training=replace(self.training, device=device, listeners=(), cluster=None))


def _chain_done(chain: Sequence[Part]) -> list[RunDir]:
    done: list[RunDir] = []
    for part in chain:
        done.append(part.run([run.path for run in done]))
    return done
