"""CAM inference: float32 NCHW, all scales and the mirror image, against `multi_scale_cams`."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainer.benchmarks.comparison import Comparison, interleaved_seconds
from trainer.benchmarks.photographs import photographs
from trainer.cams.compute import multi_scale_cams
from trainer.cams.config import CamConfig
from trainer.cams.trained import TrainedClassifier
from trainer.config import BackboneConfig
from trainer.data.imagenet_tags import match_tag
from trainer.data.labels import VOC_CLASSES
from trainer.data.transforms import RgbImage, resize_image, scaled_size
from trainer.machine.device import DeviceChoice, choose_device, in_bfloat16
from trainer.nn.classifier import CamNetwork, init_head_from_imagenet
from trainer.nn.encoders import EncoderSpec, build_encoder
from trainer.nn.losses import EPSILON
from trainer.pretrained.encoders import load_encoder
from trainer.run.map_storage import Maps
from trainer.training_config import BatchStatistics

SCALES = (0.5, 1.0, 1.5, 2.0)
TAGS = ("cat", "sofa")
THRESHOLD = 0.4
BACKBONES = ("lite0", "resnet50")


def compare(
    *, backbones: tuple[str, ...] = BACKBONES, size: tuple[int, int] = (384, 512), repeats: int = 3
) -> list[Comparison]:
    """Compare CAM inference on one photograph, at four scales with flip, for every backbone.

    Args:
        backbones: "lite0" has its ImageNet weights; others get random ones, whose time is the same.
        size: (H, W); multiples of 64, so that no padding is needed at scale 0.5.
        repeats: number of timings; the best one counts.
    """
    picture = photographs(size)[0]
    choice = choose_device()
    exact, narrow = replace(choice, dtype=torch.float32), in_bfloat16(choice)
    rows = []
    for name in backbones:
        network = benchmark_network(name)
        rows.append(_row(name, network, picture, exact, repeats, target=2.0))
        if narrow is not None:
            rows.append(_row(name, network, picture, narrow, repeats, target=3.5))
    return rows


def benchmark_network(name: str, statistics: BatchStatistics = "batch") -> CamNetwork:
    """Return a network for VOC's classes in evaluation mode; with ImageNet weights only for lite0."""
    torch.manual_seed(0)
    if name == "lite0":
        network = CamNetwork(
            load_encoder(BackboneConfig(name=name)), len(VOC_CLASSES), batch_statistics=statistics
        )
        init_head_from_imagenet(network, [match_tag(tag).imagenet_indices for tag in VOC_CLASSES])
        return network.eval()
    network = CamNetwork(build_encoder(name), len(VOC_CLASSES), batch_statistics=statistics)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            # Residual branches start at zero, so that most of the network would compute nothing.
            nn.init.uniform_(module.weight, 0.3, 0.7)
    return network.eval()


def _row(
    name: str, network: CamNetwork, picture: RgbImage, device: DeviceChoice, repeats: int, *, target: float
) -> Comparison:
    plain = copy.deepcopy(network).to(device.device)
    classifier = TrainedClassifier(copy.deepcopy(network), VOC_CLASSES, device, name)
    config = CamConfig(scales=SCALES)
    reference = plain_cams(plain, picture, SCALES)
    ours = multi_scale_cams(classifier, picture, TAGS, config)
    reference_s, ours_s = interleaved_seconds(
        lambda: plain_cams(plain, picture, SCALES),
        lambda: multi_scale_cams(classifier, picture, TAGS, config),
        repeats=repeats,
    )
    precision = "bfloat16" if device.uses_autocast else "float32"
    weights = "ImageNet" if name == "lite0" else "random"
    return Comparison(
        f"CAM inference, {name}, {precision}",
        f"{picture.shape[0]} x {picture.shape[1]}, scales {SCALES} and flip, {weights} weights, "
        f"{device.device}",
        reference_s,
        ours_s,
        target_ratio=target,
        error=float(np.abs(ours - reference).max()),
        agreement=float(np.mean(_mask(ours) == _mask(reference))),
    )


@torch.no_grad()
def plain_cams(network: CamNetwork, image_rgb: RgbImage, scales: tuple[float, ...]) -> Maps:
    """Return maps of `TAGS` at stride 4: one scale after another, all classes, float32, NCHW."""
    height, width = image_rgb.shape[:2]
    rows = [VOC_CLASSES.index(tag) for tag in TAGS]
    total = torch.zeros(len(rows), -(-height // 4), -(-width // 4), device=network.classifier.weight.device)
    for scale in scales:
        scaled = resize_image(image_rgb, scaled_size(height, width, scale))
        image = normalized(scaled, network.encoder.spec).to(total.device)
        maps = network(torch.cat([image, image.flip(-1)]))
        full = functional.interpolate(maps, size=total.shape[1:], mode="bilinear", align_corners=False)
        total += ((full[0] + full[1].flip(-1)) / 2).relu()[rows]
    maximum = total.amax(dim=(1, 2), keepdim=True)
    return np.asarray((total / (maximum + EPSILON)).cpu().numpy(), dtype=np.float32)


def normalized(image_rgb: RgbImage, spec: EncoderSpec) -> torch.Tensor:
    """Convert uint8 (H, W, 3) to float32 (1, 3, H, W), normalised by channel."""
    scaled = (torch.from_numpy(image_rgb).float() / 255.0 - torch.tensor(spec.mean)) / torch.tensor(spec.std)
    return scaled.permute(2, 0, 1)[None].contiguous()


def _mask(maps: Maps) -> np.ndarray:
    return np.where(maps.max(axis=0) > THRESHOLD, maps.argmax(axis=0) + 1, 0)
