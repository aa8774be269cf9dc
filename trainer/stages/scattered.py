"""The pictures of a stage, worked on by actors of a cluster that hold its models.

An actor runs the stage's own code. Its run directory is a folder of its own, in which the inputs are links;
what the stage writes there is sent to the process of the run, which alone writes the run directory.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.cluster.actors import map_on_actors
from trainer.cluster.connection import Cluster
from trainer.contract import EventKind
from trainer.data.dataset import TaggedImage
from trainer.machine.durable_write import write_atomic
from trainer.machine.overlap import WriteBehind
from trainer.run.stage_call import StageCall
from trainer.run.stage_context import StageContext
from trainer.stages.picture_stage import PictureStage


@dataclass(frozen=True)
class _Made:
    """What an actor made of a group of pictures.

    Attributes:
        pictures: how many they are.
        files: contents by path relative to the run directory, in the order in which they are to be written.
        seconds: by phase, see `trainer.run.stage_profile`.
    """

    pictures: int
    files: Mapping[str, bytes]
    seconds: Mapping[str, float]


def done_on_cluster(
    context: StageContext, cluster: Cluster, stage: PictureStage, images: Sequence[TaggedImage]
) -> Generator[None, None, None]:
    """Work on pictures in groups; yields once for each picture whose outputs have arrived.

    Raises:
        ProcessLostError: a picture ended an actor again and again.
        Exception: whatever the stage raised.
    """
    load = functools.partial(_load, StageCall.of(context, cluster.device), stage)

    def say(sentence: str) -> None:
        context.events.write(EventKind.WARNING, stage=stage.name, message=sentence)

    results = map_on_actors(
        cluster,
        load,
        images,
        group=stage.group,
        uses_cores=stage.uses_cores,
        name_of=lambda image: image.id,
        check=context.stop.check,
        say=say,
    )
    with WriteBehind() as writer:
        for made in results:
            context.profile.add(made.seconds)
            for name, data in made.files.items():
                writer.submit(write_atomic, context.run_dir.path / name, data)
            for _ in range(made.pictures):
                yield


def _load(call: StageCall, stage: PictureStage) -> Callable[[Sequence[TaggedImage]], _Made]:
    """Runs once in an actor."""
    # The folder is removed when the actor ends.
    folder = tempfile.TemporaryDirectory(prefix="puzzlecam-actor-")
    own = Path(folder.name)
    _link_inputs(call.run_dir, own, [PurePosixPath(name) for name in stage.makes])
    context = call.context(own)
    work = stage.load(context)

    def make(images: Sequence[TaggedImage]) -> _Made:
        for _ in work(images):
            pass
        kept = [path for name in stage.makes for path in sorted((own / name).rglob("*")) if path.is_file()]
        # Whether a picture is done is seen from this file, so it comes last.
        last = {stage.output(context.run_dir, image.id) for image in images}
        kept.sort(key=last.__contains__)
        files = {path.relative_to(folder.name).as_posix(): path.read_bytes() for path in kept}
        for path in kept:
            path.unlink()
        return _Made(len(images), files, context.profile.take())

    return make


def _link_inputs(source: Path, target: Path, outputs: Sequence[PurePosixPath]) -> None:
    """Link all that lies in a folder under another, except the outputs, which begin empty there."""
    for path in source.iterdir():
        own = [output for output in outputs if output.parts[0] == path.name]
        if not own:
            (target / path.name).symlink_to(path)
        elif all(len(output.parts) > 1 for output in own):
            (target / path.name).mkdir()
            inner = [PurePosixPath(*output.parts[1:]) for output in own]
            _link_inputs(path, target / path.name, inner)
