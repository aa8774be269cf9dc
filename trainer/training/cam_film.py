"""CAMs of a few fixed pictures after every epoch, which show how maps come to cover objects."""

from __future__ import annotations

import copy
from pathlib import Path

from trainer.cams.compute import multi_scale_cams
from trainer.cams.config import CamConfig
from trainer.cams.trained import TrainedClassifier
from trainer.contract import CLASSIFY, EventKind, FilmFields
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.images import ImageReadError, read_rgb
from trainer.machine.device import DeviceChoice
from trainer.nn.classifier import CamNetwork
from trainer.run.directory import RunDir
from trainer.run.events import EventLog
from trainer.run.map_storage import ClassMaps, save_maps

PICTURES = 6
FILM_LOOK = CamConfig(scales=(1.0,), flip=False, max_side=256)
"""Small maps at one scale: a fraction of a second per picture on a CPU."""


def film_pictures(dataset: TaggedDataset) -> tuple[TaggedImage, ...]:
    """The pictures of the film: tagged ones, spread evenly over the list, the same for every epoch."""
    tagged = [image for image in dataset.images if image.tags]
    count = min(PICTURES, len(tagged))
    return tuple(tagged[number * len(tagged) // count] for number in range(count))


class CamFilm:
    """Stores the frames of one training; it changes neither the network nor any random number."""

    def __init__(
        self,
        network: CamNetwork,
        dataset: TaggedDataset,
        run_dir: RunDir,
        device: DeviceChoice,
        events: EventLog,
    ) -> None:
        self._network = network
        self._dataset = dataset
        self._run_dir = run_dir
        self._device = device
        self._events = events
        self._pictures = film_pictures(dataset)

    def capture_start(self) -> None:
        """Store frame 0, before the first step, unless a resumed training has it already."""
        if not (self._run_dir.film_path / frame_name(0)).is_dir():
            self.capture(0)

    def capture(self, epoch: int) -> None:
        """Store the maps of the network after `epoch` epochs, and log an event "film"."""
        # Computing CAMs folds the network's normalisation, so a copy is used.
        copied = copy.deepcopy(self._network).to(self._device.device)
        classifier = TrainedClassifier(copied, self._dataset.class_names, self._device, "film")
        shown = []
        for image in self._pictures:
            try:
                picture = read_rgb(image.path, at_least_side=FILM_LOOK.max_side)
            except ImageReadError:
                continue  # training reports it
            maps_khw = multi_scale_cams(classifier, picture, self._dataset.names_of(image), FILM_LOOK)
            maps = ClassMaps(image.tags, (picture.shape[0], picture.shape[1]), maps_khw)
            save_maps(frame_path(self._run_dir.film_path, epoch, image.id), maps)
            shown.append(image.id)
        self._events.write(EventKind.FILM, stage=CLASSIFY, **FilmFields(epoch=epoch, pictures=shown))


def filmed_epochs(film: Path, identifier: str) -> tuple[int, ...]:
    """Epochs that have a frame of a picture, ascending; none for a picture that is not in the film."""
    numbers = (path.name.removeprefix("epoch-") for path in film.glob("epoch-*"))
    epochs = sorted(int(number) for number in numbers if number.isdecimal())
    return tuple(epoch for epoch in epochs if frame_path(film, epoch, identifier).is_file())


def frame_name(epoch: int) -> str:
    """Folder of the frames of an epoch; 0 is before the first step."""
    return f"epoch-{epoch:04}"


def frame_path(film: Path, epoch: int, identifier: str) -> Path:
    """File of one picture's maps (`trainer.run.map_storage`) after an epoch."""
    return film / frame_name(epoch) / f"{identifier}.safetensors"
