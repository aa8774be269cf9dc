"""One side of a comparison: the maps and the mask that one model or epoch makes of a picture."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts
from puzzlecam_app.lab.models import ModelKey, filmed_as
from puzzlecam_app.lab.room import Lab, waited
from puzzlecam_app.runs.snapshot import read_snapshot

if TYPE_CHECKING:
    from trainer.masks.pseudo_labels import PseudoLabelConfig


@dataclass(frozen=True, eq=False)
class Side:
    """What is compared.

    Attributes:
        identity: Identity of the model.
        maps_thw: float32 (T, h, w) in [0, 1], the maps that the mask is made from.
        mask: uint8 (H, W), made with the model's own threshold and CRF.
        threshold: The model's own threshold.
        uses_crf: Whether the mask was made with the dense CRF.
        logits_t: Logits of the T tags at scale 1; None for an epoch of a film.
        note: How the maps were made, if not as usual.
    """

    identity: str
    maps_thw: NDArray[np.float32]
    mask: NDArray[np.uint8]
    threshold: float
    uses_crf: bool
    logits_t: NDArray[np.float32] | None
    note: str | None = None


def begin_mask(lab: Lab, item: ItemFacts, key: ModelKey) -> Future[NDArray[np.uint8]]:
    """Begin to make the mask of a side in the queue; this thread waits for missing maps."""
    model = lab.model(key, item)
    picture = lab.look(item, model)
    identity = model.mask_identity_of(item.tag_names)
    return lab.begin(
        ("side", identity, item.sha256, item.tags, item.label_set_revision, item.dataset_id),
        lambda: _mask(picture.image, picture.final_thw, item, model.refinement),
    )


def side(lab: Lab, item: ItemFacts, key: ModelKey) -> Side:
    """The maps and the mask that a model makes of a tagged picture.

    Raises:
        NotFoundError: There is no such run.
        UserError: The run does not have the network, or its film does not contain the picture.
    """
    if key.kind == "film":
        return _filmed(lab, item, key)
    model = lab.model(key, item)
    picture = lab.look(item, model)
    mask = waited(begin_mask(lab, item, key), item.name)
    note = None
    if key.kind == "epoch":
        note = "The classifier after this epoch, at the run's CAM threshold, without the random walk"
    return Side(
        identity=model.identity_of(item.tag_names),
        maps_thw=picture.final_thw,
        mask=mask,
        threshold=model.background_threshold,
        uses_crf=_uses_crf(model.refinement),
        logits_t=picture.steps.logits_c[: len(item.tags)],
        note=note,
    )


def _filmed(lab: Lab, item: ItemFacts, key: ModelKey) -> Side:
    from trainer.models.proposal import refinement_of
    from trainer.recipes import recipe_from
    from trainer.run.map_storage import load_maps
    from trainer.training.cam_film import FILM_LOOK, frame_path

    folder = lab.models.folder(key.run_id)
    identifier = filmed_as(folder, item)
    path = frame_path(folder.train.film_path, key.epoch or 0, identifier or "")
    if identifier is None or not path.is_file():
        raise UserError(
            "the picture is not in the film of this run",
            where=item.name,
            remedy="Choose a run from the list",
        )
    frame = load_maps(path)
    classes = read_snapshot(folder.snapshot_path).classes
    by_name = {
        classes[index - 1]: maps for index, maps in zip(frame.class_indices, frame.maps_khw, strict=True)
    }
    if set(by_name) != set(item.tag_names):
        raise UserError(
            "the picture had other tags when the film was made", where=item.name, remedy="Choose another run"
        )
    maps = np.stack([by_name[name] for name in item.tag_names])
    recipe = recipe_from(folder.train.manifest().recipe, where=f"The recipe of run {key.run_id}")
    refinement = refinement_of(recipe, is_walked=False)
    return Side(
        identity=f"film of run {key.run_id}, epoch {key.epoch}",
        maps_thw=maps,
        mask=_mask(lab.image(item), maps, item, refinement),
        threshold=refinement.background_threshold,
        uses_crf=_uses_crf(refinement),
        logits_t=None,
        note=f"From the run's film: only scale 1, not mirrored, longer side {FILM_LOOK.max_side} px. "
        "Compare it with other epochs of the film rather than with complete models",
    )


def _mask(
    image: NDArray[np.uint8], maps_thw: NDArray[np.float32], item: ItemFacts, refinement: PseudoLabelConfig
) -> NDArray[np.uint8]:
    from trainer.masks.pseudo_labels import pseudo_label

    return pseudo_label(image, maps_thw, item.tags, refinement)


def _uses_crf(refinement: PseudoLabelConfig) -> bool:
    from trainer.masks.crf import crf_available

    return refinement.use_crf and crf_available().available
