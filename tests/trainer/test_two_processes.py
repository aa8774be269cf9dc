"""Two processes on the CPU compute the gradients of one.

`accelerate launch` starts several processes on GPUs; on CPUs of one machine torchrun does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path

import pytest
import torch

from tests import warm
from trainer.run.checkpoints import load_tensors

# One step at a rate of 1 without momentum or decay: the weights move by exactly the gradient.
TRAIN = """
import sys, torch
from pathlib import Path
from torch import nn
torch.set_num_threads(1)
from trainer.run.checkpoints import save_tensors
from trainer.classify_config import PuzzleLossConfig
from trainer.config import Recipe
from trainer.training_config import TrainingConfig
from trainer.data.dataset import TaggedDataset
from trainer.machine.device import choose_device
from trainer.run.events import EventLog
from trainer.machine.processes import Processes
from trainer.training.puzzle_step import PuzzleStep
from trainer.run.directory import RunDir
from trainer.run.stage_context import StageContext
from trainer.training.loop import Training, train

class Network(nn.Module):
    output_stride = 4
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.ReLU(), nn.Conv2d(8, 2, 1, bias=False))
    def forward(self, images):
        return self.layers(images)

class Pictures:
    def __len__(self):
        return 8
    def load(self, index, rng):
        image = torch.from_numpy(rng.normal(size=(3, 16, 16))).float()
        return {"images": image, "labels": torch.tensor([index % 2, (index // 2) % 2]).float()}

path, processes = Path(sys.argv[1]), Processes(cpu=True)
assert processes.count == int(sys.argv[2])
step = PuzzleStep(Network(), PuzzleLossConfig(alpha_ramp=0.0))
start = {name: tensor.clone() for name, tensor in step.state_dict().items()}
optimizer = {"learning_rate": 1.0, "momentum": 0.0, "weight_decay": 0.0, "bias_factor": 1.0}
values = {"epochs": 1, "batch_size": 8, "accumulate": 2, "optimizer": optimizer, "precision": "float32"}
config = TrainingConfig.model_validate(values)
context = StageContext(
    recipe=Recipe(name="test"), dataset=TaggedDataset(path, "train", ("a", "b"), ()), run_dir=RunDir(path),
    key="key", events=EventLog(None), device=choose_device("cpu"), processes=processes,
)
train(context, Training("test", step, Pictures(), config, lambda _: False))
if processes.is_main:
    gradients = {name: start[name] - tensor for name, tensor in step.state_dict().items()}
    save_tensors(path / "gradients.safetensors", "gradients", {}, gradients)
"""


def gradients(path: Path, count: int) -> dict[str, torch.Tensor]:
    """Train in `count` processes with the environment that torchrun gives them."""
    path.mkdir()
    script = path / "train.py"
    script.write_text(TRAIN, encoding="utf-8")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "ACCELERATE_USE_CPU": "true",
    }
    port = _free_port()
    with contextlib.ExitStack() as files:
        logs = [files.enter_context((path / f"log{rank}").open("w")) for rank in range(count)]
        processes = [
            warm.start([script, str(path), str(count)], env=environment | of_rank, stdout=log, stderr=log)
            for log, of_rank in zip(logs, _environments(count, port), strict=True)
        ]
        codes = [process.wait() for process in processes]
    assert codes == [0] * count, [(path / f"log{rank}").read_text() for rank in range(count)]
    return load_tensors(path / "gradients.safetensors", "gradients").tensors


def _environments(count: int, port: str) -> list[dict[str, str]]:
    if count == 1:
        return [{}]
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [{**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="gloo on Windows needs a set-up of its own")
def test_two_processes_compute_the_gradients_of_one_with_the_whole_batch(tmp_path: Path) -> None:
    alone = gradients(tmp_path / "one", 1)
    shared = gradients(tmp_path / "two", 2)
    assert alone.keys() == shared.keys()
    for name, gradient in alone.items():
        assert gradient.abs().max() > 1e-4, f"{name} has a gradient that could differ"
        torch.testing.assert_close(shared[name], gradient, rtol=1e-4, atol=1e-6)
