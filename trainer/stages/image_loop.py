"""A loop over the pictures of a dataset: this process's share without what is done, with progress events."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from trainer.contract import EventKind, ProgressFields
from trainer.data.dataset import TaggedImage
from trainer.run.stage_context import StageContext
from trainer.stages.picture_stage import PictureStage
from trainer.stages.scattered import done_on_cluster

EVENT_EVERY_S = 2.0


def work_on_images(context: StageContext, stage: PictureStage) -> None:
    """Make the outputs of all pictures that have none yet, here or on the run's cluster.

    Raises:
        RunStopped: the run was asked to end; the outputs so far are kept.
        ProcessLostError: a picture ended processes of the cluster again and again.
        Exception: whatever the stage raises.
    """
    share = context.processes.share(context.dataset.images)
    todo = [image for image in share if not stage.output(context.run_dir, image.id).is_file()]
    progress = ImageProgress(context, stage.name, done=len(share) - len(todo), total=len(share))
    if todo:
        if context.cluster is None:
            made = stage.load(context)(todo)
        else:
            made = done_on_cluster(context, context.cluster, stage, todo)
        with contextlib.closing(made):
            for _ in made:
                progress.advance()
    progress.finish()


def each_image(
    context: StageContext, stage: str, *, is_done: Callable[[TaggedImage], bool]
) -> Iterator[TaggedImage]:
    """Pictures that are still to be done, for loops that write one output per picture.

    Args:
        context: of the stage.
        stage: its name, for the log.
        is_done: whether an interrupted attempt has made the picture's output.
    """
    share = context.processes.share(context.dataset.images)
    todo = [image for image in share if not is_done(image)]
    progress = ImageProgress(context, stage, done=len(share) - len(todo), total=len(share))
    for image in todo:
        yield image
        progress.advance()
    progress.finish()


class ImageProgress:
    """Writes the "progress" events of a stage that works picture by picture, at most one in two seconds."""

    def __init__(self, context: StageContext, stage: str, *, done: int, total: int) -> None:
        self._events = context.events
        self._stop = context.stop
        self._stage = stage
        self._first = self._done = done
        self._total = total
        self._started = self._last = time.monotonic()
        if done:
            self._events.write(EventKind.RESUMED, stage=stage, done=done, total=total)

    def advance(self) -> None:
        """One more picture is done.

        Raises:
            RunStopped: the run was asked to end; the outputs so far are kept.
        """
        self._done += 1
        if self._stop.is_set or time.monotonic() - self._last >= EVENT_EVERY_S:
            self._write()
        self._stop.check()

    def finish(self) -> None:
        """The last picture is done."""
        self._write()

    def _write(self) -> None:
        self._last = time.monotonic()
        seconds_per_image = (self._last - self._started) / max(1, self._done - self._first)
        fields = ProgressFields(
            done=self._done,
            total=self._total,
            images_per_s=round(1.0 / max(seconds_per_image, 1e-9), 2),
            eta_s=round(seconds_per_image * (self._total - self._done), 1),
        )
        self._events.write(EventKind.PROGRESS, stage=self._stage, **fields)
