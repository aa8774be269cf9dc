"""How a study trains: the recipe of its runs, and how they are executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer import pipeline
from trainer.config import Recipe
from trainer.run.directory import RunDir
from trainer.run.events import Listener


@dataclass(frozen=True)
class Training:
    """The recipe of a study's runs, and how they are executed; see `trainer.pipeline.run`.

    Attributes:
        recipe: settings of every run.
        device: "cpu", "cuda" or None, which chooses.
        reuse: finished run directories whose stages may be copied.
        listeners: called with every event of the runs.
    """

    recipe: Recipe
    device: str | None = None
    reuse: tuple[Path, ...] = ()
    listeners: tuple[Listener, ...] = ()

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
