"""Stage 2: multi-scale CAMs of the training pictures, for the classes of their tags (paper section 4.1).

Pictures are read ahead on other threads, pass the network in batches, and are stored while the next batch is
computed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from trainer.cams.batched import PictureRequest, batched_cams
from trainer.cams.sources import CamSources, load_sources
from trainer.config import Recipe
from trainer.contract import CAMS, CLASSIFY, Folder
from trainer.data.dataset import TaggedImage
from trainer.data.images import read_rgb
from trainer.live.features import load_live_encoder
from trainer.live.taught import TaughtCams, learn_from_accepted
from trainer.machine.device import available_cpu_count
from trainer.machine.overlap import WriteBehind, in_groups, read_ahead
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, Maps, save_maps
from trainer.run.stage_context import StageContext
from trainer.run.stage_profile import NETWORK, READING, WAITING, WRITING, StageProfile
from trainer.stages.image_loop import work_on_images
from trainer.stages.picture_stage import PictureStage, Work
from trainer.stages.stage import StageResult

NAME = CAMS
VERSION = 1
NEEDS = (CLASSIFY,)
USES: tuple[str, ...] = ()
MAKES = (Folder.CAMS,)
STARTS_FROM_BACKBONE = False
KEY_IS_COMPLETE = True

_GPU_BATCH: Final = 16
_BATCHES_AT_ONCE: Final = 2
"""Pictures of so many batches are sorted by size: the more, the fuller are the batches of rare sizes."""
_MOST_READERS: Final = 8
_CPU_GROUP: Final = 4
"""Pictures that a process of a cluster takes at a time if it has no GPU."""


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:
    """Accepted masks count through the classifier, and through the live model if the recipe asks for it."""
    return {"accepted": masks} if recipe.cams.learn_from_accepted else {}


def run(context: StageContext) -> StageResult:
    """Compute and store the maps of all pictures that have none yet.

    Raises:
        CheckpointError: the classifier is missing or damaged.
        BackboneError: the recipe uses the zero-shot classifier, but its weights are not installed.
        EncoderError: the recipe learns from accepted masks, but the weights for that are not installed.
        GroundTruthError: an accepted mask is damaged.
        ImageReadError: a picture was damaged or removed since the run began.
    """
    is_cpu = context.device.device.type == "cpu" if context.cluster is None else not context.cluster.uses_gpu
    group = _CPU_GROUP if is_cpu else _batch(context.recipe, is_cpu) * _BATCHES_AT_ONCE
    work_on_images(context, PictureStage(NAME, load, RunDir.cam_path, MAKES, group, uses_cores=False))
    return StageResult({"pictures": len(context.dataset)})


def load(context: StageContext) -> Work:
    """Load what computes the maps of pictures."""
    sources = load_sources(context.recipe, context.run_dir, context.device)
    taught = _taught(context, sources)

    def work(images: Sequence[TaggedImage]) -> Generator[None, None, None]:
        with WriteBehind() as writer:
            for one in _computed(context, sources, images):
                picture = one.request.image_rgb
                maps_khw = one.maps()
                if taught is not None:
                    maps_khw = taught.maps(picture, maps_khw, one.image.tags)
                maps = ClassMaps(one.image.tags, (picture.shape[0], picture.shape[1]), maps_khw)
                writer.submit(_store, context.profile, context.run_dir.cam_path(one.image.id), maps)
                yield

    return work


def _batch(recipe: Recipe, is_cpu: bool) -> int:
    """Number of pictures that pass the network together."""
    return recipe.cams.batch_pictures or (1 if is_cpu else _GPU_BATCH)


@dataclass(frozen=True, eq=False)
class _Computed:
    """Maps of a picture on their way from the device.

    Attributes:
        image, request: the picture.
        host: maps float32 (K, h, w) in host memory, not complete before `copied`.
        copied: None on a CPU.
    """

    image: TaggedImage
    request: PictureRequest
    host: Tensor
    copied: torch.cuda.Event | None

    def maps(self) -> Maps:
        """The maps, once they have arrived."""
        if self.copied is not None:
            self.copied.synchronize()
        maps_khw: Maps = self.host.numpy()
        return maps_khw


def _computed(
    context: StageContext, sources: CamSources, images: Sequence[TaggedImage]
) -> Iterator[_Computed]:
    """Compute maps in batches; each group is yielded when the next one has been given to the device."""
    device, profile = context.device.device, context.profile
    is_cpu = device.type == "cpu"
    most = _batch(context.recipe, is_cpu)
    group = most if most == 1 else most * _BATCHES_AT_ONCE
    readers = max(1, min(_MOST_READERS, available_cpu_count() // context.processes.count))

    def read(image: TaggedImage) -> tuple[TaggedImage, PictureRequest]:
        with profile.phase(READING):
            return image, PictureRequest.of(sources, read_rgb(image.path), context.dataset.names_of(image))

    ahead = read_ahead(read, images, threads=1 if is_cpu else readers, ahead=2 * group)
    earlier: list[_Computed] = []
    for pictures in in_groups(_waited(ahead, profile), group):
        with profile.phase(NETWORK, on_device=True):
            maps = batched_cams(sources, [request for _, request in pictures], device, most)
            current = [
                _Computed(image, request, *_to_host(one))
                for (image, request), one in zip(pictures, maps, strict=True)
            ]
        yield from earlier
        earlier = current
    yield from earlier


def _waited(
    pictures: Iterator[tuple[TaggedImage, PictureRequest]], profile: StageProfile
) -> Iterator[tuple[TaggedImage, PictureRequest]]:
    """The pictures; the time that they were not there yet is counted."""
    while True:
        with profile.phase(WAITING):
            one = next(pictures, None)
        if one is None:
            return
        yield one


def _to_host(maps: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
    """Begin to copy maps into host memory."""
    if maps.device.type == "cpu":
        return maps, None
    host = torch.empty(maps.shape, dtype=maps.dtype, pin_memory=True)
    host.copy_(maps, non_blocking=True)
    copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
    copied.record(torch.cuda.current_stream(maps.device))
    return host, copied


def _store(profile: StageProfile, path: Path, maps: ClassMaps) -> None:
    with profile.phase(WRITING):
        save_maps(path, maps)


def _taught(context: StageContext, sources: CamSources) -> TaughtCams | None:
    """The live model of the dataset's accepted masks; None if the recipe leaves it out or there are none."""
    recipe = context.recipe
    if not (recipe.cams.learn_from_accepted and context.dataset.accepted):
        return None
    encoder = load_live_encoder(context.device)
    threshold = recipe.evaluate.cam_threshold
    return learn_from_accepted(context.dataset, sources, encoder, threshold, context.stop.check)
