"""What the accepted masks of a dataset teach, as a source of CAMs for a training run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from trainer.cams.sources import CamSources
from trainer.data.accepted import accepted_labels
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.images import read_rgb
from trainer.data.transforms import RgbImage
from trainer.live.evidence import PictureEvidence, picture_evidence
from trainer.live.features import LiveEncoder
from trainer.live.leave_one_out import MAX_PICTURES, leave_one_out
from trainer.live.model import Knowledge, LiveModel
from trainer.run.map_storage import Maps


class TaughtCams:
    """CAMs combined with what accepted masks teach: the sources' maps are the prior of the live model."""

    def __init__(self, encoder: LiveEncoder, knowledge: Knowledge) -> None:
        self._encoder = encoder
        self._knowledge = knowledge

    def maps(self, image_rgb: RgbImage, prior_khw: Maps, class_indices: Sequence[int]) -> Maps:
        """Maps float32 (K, h, w) in [0, 1] of the K classes of a picture.

        Args:
            image_rgb: uint8 (H, W, 3).
            prior_khw: the maps of the sources that it was made for.
            class_indices: mask index of each of the K classes.
        """
        return self._knowledge.maps(self._encoder(image_rgb), prior_khw, class_indices)


def learn_from_accepted(
    dataset: TaggedDataset,
    sources: CamSources,
    encoder: LiveEncoder,
    background_threshold: float,
    check_stop: Callable[[], None],
) -> TaughtCams:
    """Fit the live model to all accepted masks of a dataset, trusted as far as leaving them out shows.

    Args:
        dataset: its accepted masks are learned, the classes being the tags of their pictures.
        sources: make the prior's maps.
        encoder: makes the features.
        background_threshold: that of the prior's maps.
        check_stop: called before each picture; raises if the work is to end.

    Raises:
        GroundTruthError: an accepted mask is damaged.
        ImageReadError: a picture cannot be read.
    """
    model = LiveModel(background_threshold)
    tested = {image.id for image in judged(dataset.accepted)}
    kept = []
    for image in dataset.accepted:
        check_stop()
        evidence = _evidence(dataset, image, sources, encoder)
        if evidence is None:
            continue
        model.add(evidence)
        if image.id in tested:
            kept.append(evidence)
    return TaughtCams(encoder, model.fit(leave_one_out(model, kept).trust))


def judged(images: Iterable[TaggedImage]) -> list[TaggedImage]:
    """At most `MAX_PICTURES` of the pictures, the same ones in whatever order they are given."""
    return sorted(images, key=lambda image: hashlib.sha256(image.id.encode()).hexdigest())[:MAX_PICTURES]


def _evidence(
    dataset: TaggedDataset, image: TaggedImage, sources: CamSources, encoder: LiveEncoder
) -> PictureEvidence | None:
    mask = accepted_labels(image)
    if mask is None or not image.tags:
        return None
    picture = read_rgb(image.path)
    prior = sources.multi_scale(picture, dataset.names_of(image))
    return picture_evidence(encoder(picture), prior, image.tags, mask)
