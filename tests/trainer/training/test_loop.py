"""The training loop on a network of a few weights: resumed, accumulated, averaged, diverged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainer.config import Recipe
from trainer.data.dataset import TaggedDataset
from trainer.machine.device import DeviceChoice
from trainer.machine.processes import Processes
from trainer.run.checkpoints import CheckpointError
from trainer.run.directory import RunDir
from trainer.run.events import Event, EventLog, read_events
from trainer.run.stage_context import StageContext
from trainer.training.batches import Batch
from trainer.training.log import Alarm
from trainer.training.loop import Training, TrainingDivergedError, train
from trainer.training_config import TrainingConfig

pytestmark = pytest.mark.usefixtures("one_thread")


class Points:
    """Noisy pictures whose target is their mean."""

    def __len__(self) -> int:
        return 8

    def load(self, index: int, rng: np.random.Generator) -> dict[str, Tensor]:
        image = torch.from_numpy(rng.normal(index, 1.0, (2, 4, 4)).astype(np.float32))
        return {"images": image, "targets": image.mean()}


class Regression(nn.Module):
    """A step with batch statistics and dropout, so that buffers and torch's generator matter."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Dropout(0.2), nn.Conv2d(3, 1, 1)
        )

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        error = self.network(batch["images"]).mean(dim=(1, 2, 3)) - batch["targets"]
        return {"loss": error.square().mean(), "progress": torch.tensor(progress)}


class KilledError(Exception):
    """Stands for the end of a process that is killed."""


def context(path: Path, key: str = "key", listeners: tuple[Any, ...] = ()) -> StageContext:
    return StageContext(
        recipe=Recipe(name="test", seed=5),
        dataset=TaggedDataset(path, "train", ("cat",), ()),
        run_dir=RunDir(path),
        key=key,
        events=EventLog(path / "events.jsonl", listeners),
        device=DeviceChoice(torch.device("cpu"), torch.float32, "for comparisons"),
        processes=Processes(cpu=True),
    )


def training(step: nn.Module | None = None, **settings: Any) -> Training:
    values = {"epochs": 3, "batch_size": 4, "checkpoint_every_steps": 1, "log_every_steps": 1, **settings}
    values.setdefault("optimizer", {"learning_rate": 0.01})
    return Training(
        stage="test",
        step=step or Regression(),
        samples=Points(),
        config=TrainingConfig.model_validate(values),
        is_new=lambda name: name.startswith("network.3"),
    )


def weights(made: Training) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in made.step.state_dict().items()}


def assert_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


def trained(path: Path, **settings: Any) -> dict[str, Tensor]:
    made = training(**settings)
    train(context(path), made)
    return weights(made)


def test_training_lowers_its_loss_and_reports_it(tmp_path: Path) -> None:
    made = training(epochs=20)
    outcome = train(context(tmp_path), made)
    epochs = [event for event in read_events(tmp_path / "events.jsonl") if event["kind"] == "epoch"]
    assert outcome.steps == 40
    assert epochs[-1]["losses"]["loss"] < epochs[0]["losses"]["loss"] / 2
    assert outcome.losses == pytest.approx(epochs[-1]["losses"])
    assert not made.step.training


def test_every_step_says_its_terms_rate_speed_and_memory(tmp_path: Path) -> None:
    train(context(tmp_path), training(epochs=1))
    first, second = (event for event in read_events(tmp_path / "events.jsonl") if event["kind"] == "step")
    assert {"loss", "progress"} == set(first["losses"])
    assert second["losses"]["progress"] == 0.5
    assert first["learning_rate"] > second["learning_rate"]
    assert {"step", "steps", "epoch", "eta_s", "images_per_s", "memory_mb", "time"} <= set(first)


def test_a_seed_repeats_a_run_bit_for_bit(tmp_path: Path) -> None:
    assert_equal(trained(tmp_path / "one"), trained(tmp_path / "two"))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ema_decay": 0.9},
        {"optimizer": {"method": "adamw", "learning_rate": 0.01}},
    ],
)
@pytest.mark.parametrize("stopped_after", [1, 2, 3, 5])
def test_a_resumed_training_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, stopped_after: int, settings: dict[str, Any]
) -> None:
    expected = trained(tmp_path / "whole", **settings)

    def stop(event: Event) -> None:
        if event["kind"] == "step" and event["step"] == stopped_after + 1:
            raise KilledError

    with pytest.raises(KilledError):
        train(context(tmp_path / "cut", listeners=(stop,)), training(**settings))
    resumed = training(**settings)
    train(context(tmp_path / "cut"), resumed)
    events = list(read_events(tmp_path / "cut" / "events.jsonl"))
    assert [event["step"] for event in events if event["kind"] == "resumed"] == [stopped_after]
    assert_equal(weights(resumed), expected)


def test_a_finished_training_that_is_called_again_only_loads(tmp_path: Path) -> None:
    expected = trained(tmp_path)
    again = training()
    train(context(tmp_path), again)
    assert_equal(weights(again), expected)


def test_a_checkpoint_of_other_settings_is_not_gone_on_from(tmp_path: Path) -> None:
    train(context(tmp_path, key="old"), training(epochs=1))
    train(context(tmp_path, key="new"), training())
    assert not any(event["kind"] == "resumed" for event in read_events(tmp_path / "events.jsonl"))


def test_a_damaged_checkpoint_stops_the_training(tmp_path: Path) -> None:
    path = RunDir(tmp_path).checkpoint_path("test")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a file")
    with pytest.raises(CheckpointError, match=r"test\.safetensors is damaged"):
        train(context(tmp_path), training())


def without_noise() -> Regression:
    """No batch statistics, no dropout: what parts of a batch compute does not depend on the other parts."""
    step = Regression()
    step.network[1] = nn.Identity()
    step.network[2] = nn.Identity()
    return step


def test_accumulated_parts_give_the_step_of_the_whole_batch(tmp_path: Path) -> None:
    slow = {"learning_rate": 1e-4}
    whole = training(without_noise(), optimizer=slow)
    parts = training(without_noise(), optimizer=slow, accumulate=2)
    train(context(tmp_path / "whole"), whole)
    train(context(tmp_path / "parts"), parts)
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(weights(parts)[name], tensor, rtol=1e-5, atol=1e-6)


def test_an_average_of_the_weights_lags_behind_them(tmp_path: Path) -> None:
    last, average = trained(tmp_path / "last"), trained(tmp_path / "average", ema_decay=0.99)
    start = Regression().state_dict()
    name = "network.3.weight"
    assert (average[name] - start[name]).norm() < (last[name] - start[name]).norm()


def test_no_epochs_leave_the_network_as_it_starts(tmp_path: Path) -> None:
    assert_equal(trained(tmp_path, epochs=0), Regression().state_dict())


def test_bfloat16_keeps_weights_in_float32(tmp_path: Path) -> None:
    values = trained(tmp_path, epochs=1, precision="bfloat16").values()
    assert {value.dtype for value in values if value.is_floating_point()} == {torch.float32}


def test_a_loss_that_is_no_number_raises_an_alarm_and_keeps_the_last_good_weights(tmp_path: Path) -> None:
    class Diverging(Regression):
        def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
            terms = super().forward(batch, progress)
            return {**terms, "loss": terms["loss"] * (float("nan") if progress > 0.4 else 1.0)}

    with pytest.raises(
        TrainingDivergedError, match=r"diverged at step 4 of 6.*lower test\.optimizer\.learning_rate"
    ):
        train(context(tmp_path), training(Diverging()))
    (alarm,) = (event for event in read_events(tmp_path / "events.jsonl") if event["kind"] == "alarm")
    assert (alarm["name"], alarm["step"]) == ("nan", 4)
    resumed = training(Diverging())
    with pytest.raises(TrainingDivergedError):
        train(context(tmp_path), resumed)
    assert all(torch.isfinite(tensor).all() for tensor in weights(resumed).values())


def test_alarms_of_an_epoch_reach_the_log(tmp_path: Path) -> None:
    def alarms(epoch: int) -> Iterable[Alarm]:
        return [Alarm("collapse", "All is dark.", {"epoch": epoch})] if epoch == 2 else []

    train(context(tmp_path), replace(training(), end_epoch=alarms))
    (alarm,) = (event for event in read_events(tmp_path / "events.jsonl") if event["kind"] == "alarm")
    assert (alarm["name"], alarm["message"], alarm["stage"]) == ("collapse", "All is dark.", "test")
