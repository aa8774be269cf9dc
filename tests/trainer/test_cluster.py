"""Trainings and pictures on a Ray cluster of two nodes: the same weights and bytes as on one machine."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from tests.ray_nodes import RayNodes
from tests.trainer.cluster_work import load_squares
from trainer import commands, pipeline
from trainer.cluster.actors import map_on_actors
from trainer.cluster.connection import Cluster, open_cluster
from trainer.cluster.outcome import ProcessLostError
from trainer.cluster.processes import run_in_processes
from trainer.config import Recipe
from trainer.contract import AFFINITY, CAMS, CLASSIFY, PIXELS, REFINE, EventKind, Folder
from trainer.data.dataset import TaggedImage
from trainer.data.folder import open_dataset
from trainer.errors import TrainerUsageError
from trainer.machine.device import DeviceChoice
from trainer.machine.processes import Processes
from trainer.machine.stop import RunStopped, StopSignal
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.run.events import Event, EventLog, read_events
from trainer.run.stage_context import StageContext
from trainer.stages import cams, refine
from trainer.stages.image_loop import work_on_images
from trainer.stages.picture_stage import PictureStage, Work

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def cluster(ray_nodes: RayNodes) -> Iterator[Cluster]:
    with open_cluster(ray_nodes.address, 2) as opened:
        yield opened


def recipe(*overrides: str) -> Recipe:
    return load_recipe("tiny", ("pixels.enabled=false", *overrides))


def events(run: RunDir, kind: EventKind) -> list[Event]:
    return [event for event in read_events(run.events_path) if event["kind"] == kind]


@pytest.mark.slow
def test_two_nodes_train_the_weights_of_one_machine_although_one_is_lost(
    make_voc: Callable[..., Path], tmp_path: Path, ray_nodes: RayNodes, cluster: Cluster
) -> None:
    root, settings = make_voc(pictures=8), recipe("classify.epochs=2")
    alone = pipeline.run(settings, root, "train", tmp_path / "alone", [CLASSIFY], device="cpu")
    lost: list[int] = []

    def lose_a_node(event: Event) -> None:
        if event["kind"] == EventKind.STEP and event["step"] == 2 and not lost:
            lost.append(event["step"])
            ray_nodes.lose()
            ray_nodes.need(2)

    shared = pipeline.run(
        settings, root, "train", tmp_path / "shared", [CLASSIFY], cluster=cluster, listeners=(lose_a_node,)
    )

    assert lost
    assert events(shared, EventKind.RESUMED)
    assert any("was lost" in event["message"] for event in events(shared, EventKind.WARNING))
    weights = [safetensors.torch.load_file(run.model_path(CLASSIFY)) for run in (alone, shared)]
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=1e-3, atol=1e-5)


def context(root: Path, path: Path, settings: Recipe, cluster: Cluster | None) -> StageContext:
    run_dir = RunDir(path)
    return StageContext(
        recipe=settings,
        dataset=open_dataset(root, "train"),
        run_dir=run_dir,
        key="key",
        events=EventLog(run_dir.events_path),
        device=DeviceChoice(torch.device("cpu"), torch.float32, "for comparisons"),
        processes=Processes(cpu=True),
        cluster=cluster,
    )


def files(run: RunDir, *folders: str) -> dict[str, bytes]:
    found = [path for folder in folders for path in (run.path / folder).iterdir()]
    return {path.relative_to(run.path).as_posix(): path.read_bytes() for path in found}


def load_and_lose_a_node(marker: Path, context: StageContext) -> Work:
    """Load the stage `cams`; the process that gets the picture p3 first kills its node."""
    compute = cams.load(context)

    def work(images: Sequence[TaggedImage]) -> Generator[None, None, None]:
        if images[0].id == "p3" and not marker.exists():
            marker.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            threading.Event().wait()
        yield from compute(images)

    return work


@pytest.mark.slow
def test_pictures_get_the_bytes_of_one_machine_although_their_node_is_lost(
    make_voc: Callable[..., Path], tmp_path: Path, ray_nodes: RayNodes, cluster: Cluster
) -> None:
    root, settings = make_voc(pictures=8), recipe("classify.epochs=0", "affinity.displacement=true")
    stages = [CLASSIFY, CAMS, AFFINITY, PIXELS, REFINE]
    alone = pipeline.run(settings, root, "train", tmp_path / "alone", stages, device="cpu")
    shared = context(root, tmp_path / "shared", settings, replace(cluster, processes=1))
    (shared.run_dir.path / Folder.MODELS).symlink_to(alone.path / Folder.MODELS)

    load = functools.partial(load_and_lose_a_node, tmp_path / "lost")
    work_on_images(shared, PictureStage(CAMS, load, RunDir.cam_path, cams.MAKES, group=1, uses_cores=False))
    refine.run(shared)

    folders = (Folder.CAMS, Folder.WALK, Folder.INSTANCES, Folder.PSEUDO)
    assert files(shared.run_dir, *folders) == files(alone, *folders)
    assert any("was lost" in event["message"] for event in events(shared.run_dir, EventKind.WARNING))
    assert events(shared.run_dir, EventKind.PROGRESS)[-1]["done"] == 8
    assert "crf" in shared.profile.seconds()


def squared(cluster: Cluster, log: Path, numbers: Sequence[int], stop: StopSignal | None = None) -> set[int]:
    results = map_on_actors(
        cluster,
        functools.partial(load_squares, log),
        numbers,
        group=2,
        uses_cores=False,
        name_of=lambda number: f"number {number}",
        check=(stop or StopSignal()).check,
        say=lambda _: None,
    )
    return {square for result in results for square in result}


def test_an_actor_loads_once_and_its_errors_arrive(
    tmp_path: Path, ray_nodes: RayNodes, cluster: Cluster
) -> None:
    one = replace(cluster, processes=1)
    log = tmp_path / "log"
    assert squared(one, log, [0, 1, 2, 4, 6]) == {0, 1, 4, 16, 36}
    assert log.read_text() == "loaded\n"
    with pytest.raises(TrainerUsageError, match="5 is not liked"):
        squared(one, log, [1, 5])
    stop = StopSignal()
    stop.set()
    with pytest.raises(RunStopped):
        squared(one, log, [1, 2], stop)


def test_an_item_that_ends_every_process_is_named(
    tmp_path: Path, ray_nodes: RayNodes, cluster: Cluster
) -> None:
    with pytest.raises(ProcessLostError, match="ended 3 times while they worked on number 3, most"):
        squared(replace(cluster, processes=1), tmp_path / "log", [2, 3])


def test_a_stop_does_not_wait_for_room(ray_nodes: RayNodes, cluster: Cluster) -> None:
    stop = StopSignal()
    stop.set()
    with pytest.raises(RunStopped):
        run_in_processes(
            replace(cluster, processes=9),
            load_squares,
            stop=stop,
            on_event=lambda _: True,
            say=lambda _: None,
        )


def test_without_ray_a_sentence_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TrainerUsageError, match="install the extra 'cluster'"):
        commands.train(make_voc(), "train", "tiny", tmp_path / "run", cluster="auto")


@pytest.mark.parametrize(
    ("cluster", "processes", "device", "said"),
    [
        (None, 2, None, "--processes needs --cluster"),
        ("auto", 0, None, "at least one process"),
        ("http://head:8265", 1, None, "ray://HOST:10001"),
        ("auto", 1, "cuda:1", "Ray chooses the GPU"),
    ],
)
def test_wrong_arguments_are_answered_with_what_to_do(
    make_voc: Callable[..., Path],
    tmp_path: Path,
    cluster: str | None,
    processes: int,
    device: str | None,
    said: str,
) -> None:
    with pytest.raises(TrainerUsageError, match=said):
        commands.train(
            make_voc(),
            "train",
            "tiny",
            tmp_path / "run",
            cluster=cluster,
            processes=processes,
            device=device,
        )
