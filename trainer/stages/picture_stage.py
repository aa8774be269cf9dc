"""A stage that works picture by picture, as it is shared out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.data.dataset import TaggedImage
from trainer.run.directory import RunDir
from trainer.run.stage_context import StageContext

Work = Callable[[Sequence[TaggedImage]], Generator[None, None, None]]
"""Makes and stores the outputs of pictures; yields once for each. They are stored when it has ended."""


@dataclass(frozen=True)
class PictureStage:
    """A stage that makes outputs of each picture by itself, so that pictures can be shared out.

    Attributes:
        name: of the stage, for the log.
        load: loads the models. A function of a module, or a `functools.partial` of one.
        output: the file of a picture that is written last.
        makes: files and folders that it writes, relative to the run directory.
        group: number of pictures that one process of a cluster takes at a time.
        uses_cores: whether processor cores do most of the work also where there is a GPU.
    """

    name: str
    load: Callable[[StageContext], Work]
    output: Callable[[RunDir, str], Path]
    makes: tuple[str, ...]
    group: int
    uses_cores: bool
