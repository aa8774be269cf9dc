"""A stage's surroundings without the stages before it: random weights, CAMs that see the coloured square."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from trainer.data.folder import open_dataset
from trainer.machine.device import choose_device
from trainer.machine.processes import Processes
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.run.events import Event, EventLog, read_events
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.run.stage_context import StageContext

MakeContext = Callable[..., StageContext]


@pytest.fixture
def make_context(make_voc, tmp_path) -> MakeContext:
    """Makes a `StageContext` over a drawn dataset; overrides are those of the command line."""

    def make(*overrides: str, root=None, pictures: int = 4, run: str = "run") -> StageContext:
        recipe = load_recipe("tiny", ("backbone.pretrained=false", *overrides))
        dataset = open_dataset(root or make_voc(pictures=pictures), "train")
        run_dir = RunDir(tmp_path / run)
        events = EventLog(run_dir.events_path)
        return StageContext(
            recipe=recipe,
            dataset=dataset,
            run_dir=run_dir,
            key="key",
            events=events,
            device=choose_device("cpu"),
            processes=Processes(cpu=True),
        )

    return make


@pytest.fixture
def write_cams() -> Callable[[StageContext], None]:
    """Writes CAMs at stride 4: 0.9 on the square of `make_voc`, 0.2 around it, nothing elsewhere."""

    def write(context: StageContext) -> None:
        cam = np.zeros((1, 10, 15), np.float32)
        cam[:, 1:7, 2:9] = 0.2
        cam[:, 2:6, 3:8] = 0.9
        for image in context.dataset.images:
            maps = ClassMaps(image.tags, (40, 60), cam[: len(image.tags)])
            save_maps(context.run_dir.cam_path(image.id), maps)

    return write


@pytest.fixture
def events_of() -> Callable[[StageContext, str], list[Event]]:
    """Reads the events of a kind from a context's log."""

    def read(context: StageContext, kind: str) -> list[Event]:
        return [event for event in read_events(context.run_dir.events_path) if event["kind"] == kind]

    return read
