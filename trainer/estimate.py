"""Estimates how long a recipe takes on this machine and how much memory it needs, from a few timed steps.

    python -m trainer.estimate RECIPE.toml PICTURES [DEVICE]

prints JSON: seconds by stage, their sum, and megabytes. The networks have random weights, which compute as
fast as trained ones. On a CPU it measures the time of the cores, not of the clock, so that the estimate holds
for a machine that does nothing else. It leaves out reading pictures, and photographs of other sizes than the
measured one: expect it to be right within a factor of about two.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from trainer.benchmarks.photographs import photographs
from trainer.cams.compute import multi_scale_cams
from trainer.cams.config import CamConfig
from trainer.cams.trained import TrainedClassifier
from trainer.classify_config import ClassifyConfig
from trainer.config import Recipe
from trainer.contract import AFFINITY, CAMS, CLASSIFY, PIXELS, REFINE, RELABEL, SEGMENT, in_round
from trainer.data.superpixels import superpixels
from trainer.machine.device import DeviceChoice, available_cpu_count, choose_device
from trainer.masks.crf import CrfConfig
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import build_encoder
from trainer.nn.methods import build_classifier
from trainer.nn.pixels import PIXEL_STRIDE, PixelNetwork
from trainer.nn.segmentation import SegmentationNetwork
from trainer.recipes import load_recipe
from trainer.run.map_storage import ClassMaps
from trainer.stages.affinity import build_affinity, labels_to_learn
from trainer.stages.pixels import PixelStep
from trainer.stages.segment import SegmentationStep
from trainer.training.methods import build_step
from trainer.training_config import TrainingConfig, ViewConfig

_PICTURE = (375, 500)
_LARGEST_PART = 4
"""Most pictures of a timed step; time and memory of a larger part are extrapolated from it."""
_CLASSES = 20
_SHARE_PREDICTED = 0.25


@dataclass(frozen=True)
class Estimate:
    """The cost of a recipe.

    Attributes:
        seconds: by stage.
        total_s: their sum.
        memory_mb: the most that the process holds during training, in MiB.
        device: the device and why it was chosen, in one sentence.
    """

    seconds: dict[str, float]
    total_s: float
    memory_mb: int
    device: str


def estimate(recipe: Recipe, pictures: int, device: str | None = None) -> Estimate:
    """Time a training step of each network, and the other stages on one picture.

    Args:
        recipe: what is estimated.
        pictures: number of pictures.
        device: see `trainer.machine.device.choose_device`.

    Raises:
        ValueError: the device is unknown or not available.
    """
    choice = choose_device(device)
    probe = _Probe(choice)
    backbone = recipe.backbone.name
    classifier = build_classifier(
        build_encoder(backbone, output_stride=recipe.classify.output_stride), _CLASSES, recipe.classify
    )
    seconds = {CLASSIFY: _classify(probe, classifier, recipe.classify, pictures)}
    seconds[CAMS], cams = probe.cams(classifier, recipe, pictures)
    seconds[AFFINITY] = 0.0
    if recipe.affinity.enabled:
        _, step, stride = build_affinity(build_encoder(backbone, output_stride=16), recipe.affinity)
        maps = ClassMaps((1,), _PICTURE, cams)
        labelling = probe.on_cores(lambda: labels_to_learn(probe.picture, maps, recipe.affinity), pictures)
        seconds[AFFINITY] = labelling + probe.training(
            step,
            recipe.affinity,
            recipe.affinity.view,
            pictures,
            lambda count, crop: {"labels": _zero_cells(count, crop, stride)},
        )
    seconds[PIXELS] = _pixels(probe, recipe, pictures) if recipe.self_trains else 0.0
    crf = CrfConfig(iterations=recipe.refine.crf_iterations)
    refine = PseudoLabelConfig(use_crf=recipe.refine.use_crf, crf=crf)
    seconds[REFINE] = probe.on_cores(lambda: pseudo_label(probe.picture, cams, (1,), refine), pictures)
    seconds[SEGMENT] = 0.0
    if recipe.segment.enabled:
        network = SegmentationNetwork(
            build_encoder(backbone, output_stride=recipe.segment.output_stride),
            _CLASSES + 1,
            batch_statistics=recipe.segment.batch_statistics,
            decoder_statistics=recipe.segment.decoder_statistics,
            is_encoder_trained=recipe.segment.encoder == "trained",
        )
        seconds[SEGMENT] = probe.training(
            SegmentationStep(network),
            recipe.segment,
            recipe.segment.view,
            pictures,
            lambda count, crop: {"labels": torch.zeros(count, crop, crop, dtype=torch.int64)},
        ) + probe.predicting(
            network,
            recipe.segment.test_scales,
            recipe.segment.test_max_side,
            round(pictures * _SHARE_PREDICTED) * (2 if recipe.segment.test_flip else 1),
        )
        if recipe.rounds > 1:
            relabelling = seconds[REFINE] + probe.predicting(
                network,
                recipe.relabel.scales,
                recipe.relabel.max_side,
                pictures * (2 if recipe.relabel.flip else 1),
            )
        for number in range(2, recipe.rounds + 1):
            seconds[in_round(RELABEL, number)] = relabelling
            seconds[in_round(SEGMENT, number)] = seconds[SEGMENT]
    seconds = {name: round(value, 2) for name, value in seconds.items()}
    return Estimate(seconds, round(sum(seconds.values()), 1), round(probe.peak_mb), choice.reason)


def _classify(probe: _Probe, network: CamNetwork, config: ClassifyConfig, pictures: int) -> float:
    training = probe.training(
        build_step(network, config),
        config,
        config.view,
        pictures,
        lambda count, crop: {
            "labels": torch.ones(count, _CLASSES),
            "superpixels": _zero_cells(count, crop, config.output_stride),
        },
    )
    if config.method != "icd":
        return training
    cutting = probe.on_cores(lambda: superpixels(probe.picture, config.icd.superpixels), pictures)
    looking = probe.predicting(network, (1.0,), config.view.crop, pictures)
    return training + config.epochs * cutting + (config.epochs - 1) * looking


def _zero_cells(count: int, crop: int, stride: int) -> Tensor:
    return torch.zeros((count, *(-(-crop // stride),) * 2), dtype=torch.uint8)


def _pixels(probe: _Probe, recipe: Recipe, pictures: int) -> float:
    config = recipe.pixels
    network = PixelNetwork(build_encoder(recipe.backbone.name, output_stride=16), _CLASSES + 1)
    training = probe.training(
        PixelStep(network),
        config,
        config.view,
        pictures,
        lambda count, crop: {"labels": _zero_cells(count, crop, PIXEL_STRIDE)},
    )
    return training + probe.predicting(
        network, config.scales, config.max_side, pictures * (2 if config.flip else 1)
    )


class _Probe:
    def __init__(self, device: DeviceChoice) -> None:
        self._device = device
        self.peak_mb = self._memory_mb()
        self.picture = photographs(_PICTURE)[0]

    def training(
        self,
        step: nn.Module,
        config: TrainingConfig,
        view: ViewConfig,
        pictures: int,
        learned: Callable[[int, int], dict[str, Tensor]],
    ) -> float:
        """Seconds of all epochs, from the second of two forward and backward passes."""
        part = config.batch_size // config.accumulate
        count = min(part, _LARGEST_PART)
        step.to(self._device.device).to(memory_format=torch.channels_last).train()
        batch = {
            "images": torch.randn(count, 3, view.crop, view.crop).contiguous(
                memory_format=torch.channels_last
            ),
            "possible": torch.ones(count, _CLASSES + 1, dtype=torch.bool),
            **learned(count, view.crop),
        }
        batch = {name: tensor.to(self._device.device) for name, tensor in batch.items()}
        before = self._memory_mb()
        self._pass(step, batch)
        started = self._clock_s()
        during = self._pass(step, batch)
        seconds = (self._clock_s() - started) / count
        step.zero_grad(set_to_none=True)
        # Memory per picture, besides the network and its gradients.
        self.peak_mb = max(self.peak_mb, before + max(0.0, during - before) * part / count)
        return seconds * math.ceil(pictures / config.batch_size) * config.batch_size * config.epochs

    def cams(self, network: CamNetwork, recipe: Recipe, pictures: int) -> tuple[float, Any]:
        """Seconds for the CAMs of all pictures, and the CAM of one class on the probe's picture."""
        classifier = TrainedClassifier(network, [f"c{k}" for k in range(_CLASSES)], self._device, "probe")
        config = CamConfig(scales=recipe.cams.scales, flip=recipe.cams.flip, max_side=recipe.cams.max_side)
        multi_scale_cams(classifier, self.picture, ("c0",), config)
        started = self._clock_s()
        maps = multi_scale_cams(classifier, self.picture, ("c0",), config)
        return (self._clock_s() - started) * pictures, maps

    def on_cores(self, work: Callable[[], object], pictures: int) -> float:
        """Seconds of work on every picture, if the cores share it."""
        work()
        started = time.process_time()
        work()
        return (time.process_time() - started) * pictures / available_cpu_count()

    @torch.inference_mode()
    def predicting(
        self, network: nn.Module, scales: tuple[float, ...], max_side: int, pictures: int
    ) -> float:
        """Seconds of the predictions at all scales; mirror images count as pictures."""
        network.eval()
        started = self._clock_s()
        for scale in scales:
            side = max(32, round(min(max(_PICTURE), max_side) * scale / 32) * 32)
            network(torch.zeros(1, 3, side, side, device=self._device.device))
        return (self._clock_s() - started) * pictures

    def _clock_s(self) -> float:
        """On a CPU, the time of the cores divided by their number, so that other programs do not count."""
        if self._device.device.type == "cuda":
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time() / available_cpu_count()

    def _pass(self, step: nn.Module, batch: dict[str, Tensor]) -> float:
        """One pass forward and backward; returns the most MiB held after either."""
        enabled = self._device.uses_autocast
        with torch.autocast(self._device.device.type, self._device.dtype, enabled=enabled):
            losses = step(batch, 0.5)
        held = self._memory_mb()
        losses["loss"].backward()
        return max(held, self._memory_mb())

    def _memory_mb(self) -> float:
        if self._device.device.type == "cuda":
            return float(torch.cuda.max_memory_allocated() / 2**20)
        return float(psutil.Process().memory_info().rss / 2**20)


def main() -> None:
    """Print the estimate of a recipe as JSON."""
    recipe, pictures, *device = sys.argv[1:]
    result = estimate(load_recipe(recipe), int(pictures), device[0] if device else None)
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
