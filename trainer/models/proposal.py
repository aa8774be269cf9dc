"""From a picture and its tags to maps and a mask: with the zero-shot classifier, or as a run has learned."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.cams.compute import CamResult
from trainer.cams.sources import CamSource, CamSources, load_sources
from trainer.cams.zero_shot_sources import ZeroShotSource
from trainer.classify_config import PuzzleLossConfig
from trainer.config import Recipe, RefineConfig
from trainer.contract import AFFINITY, PIXELS, RUN_KIND
from trainer.data.labels import normalize_class_name
from trainer.data.tag_words import TagWords
from trainer.data.transforms import RgbImage
from trainer.machine.device import DeviceChoice, choose_device
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.masks.walked_maps import Barriers, walked_maps
from trainer.models.edges import PsaModel, WalkModel, load_edge_model
from trainer.models.pixels import PixelModel, load_pixel_model
from trainer.recipes import recipe_from
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, Maps


@dataclass(frozen=True)
class Walk:
    """The random walk of a run: the model that guides it, its settings, and a hash of both."""

    edges: WalkModel
    config: RefineConfig
    identity: str

    def maps(
        self,
        image_rgb: RgbImage,
        cams_khw: Maps,
        edges_hw: NDArray[np.float32] | None = None,
        config: RefineConfig | None = None,
    ) -> Maps:
        """The maps after the walk, float32 (K, h, w) in [0, 1].

        Args:
            image_rgb: uint8 (H, W, 3).
            cams_khw: float32 (K, h, w) in [0, 1], the seeds of the walk.
            edges_hw: what `edges.edges` returned for their grid, if it is at hand; a run with AffinityNet
                of 2018 walks by its affinities instead.
            config: settings of the walk; the run's when None.
        """
        config = config or self.config
        grid_size = (cams_khw.shape[1], cams_khw.shape[2])
        maps = ClassMaps(tuple(range(1, len(cams_khw) + 1)), grid_size, cams_khw)
        barriers: Barriers
        if isinstance(self.edges, PsaModel):
            barriers = self.edges.barriers(image_rgb, grid_size, config.radius)
        elif edges_hw is None:
            barriers = self.edges.edges(image_rgb, grid_size)
        else:
            barriers = edges_hw
        return walked_maps(maps, barriers, config, self.edges.device).maps_khw


@dataclass(frozen=True)
class SelfTrained:
    """The pixel classifier that a run trained on its own confident labels, and a hash of it."""

    pixels: PixelModel
    identity: str

    def maps(self, image_rgb: RgbImage, cams_khw: Maps, class_names: Sequence[str]) -> Maps:
        """Its maps (K, h, w) in place of the CAMs; a class that it has not learned keeps its CAM.

        Args:
            image_rgb: uint8 (H, W, 3).
            cams_khw: float32 (K, h, w) in [0, 1].
            class_names: the K classes.
        """
        known = {normalize_class_name(name): index for index, name in enumerate(self.pixels.class_names, 1)}
        indices = [known.get(normalize_class_name(name)) for name in class_names]
        asked = [index for index in indices if index is not None]
        learned = iter(self.pixels.maps(image_rgb, asked, (cams_khw.shape[1], cams_khw.shape[2])))
        maps = [cam if index is None else next(learned) for cam, index in zip(cams_khw, indices, strict=True)]
        return np.stack(maps) if maps else cams_khw


class ProposalModel:
    """Makes the maps of a picture, and masks from them.

    Attributes:
        self_trained: replaces the CAMs before the walk; None keeps them.
        walk: spreads the maps up to edges; None leaves it out.
        loss: terms and weights of the loss that trained the classifier; None if it was not trained.
    """

    def __init__(
        self,
        sources: CamSources,
        refinement: PseudoLabelConfig | None = None,
        walk: Walk | None = None,
        *,
        kind: str = "",
        self_trained: SelfTrained | None = None,
        loss: PuzzleLossConfig | None = None,
    ) -> None:
        """Put a model together.

        Args:
            sources: the classifiers whose CAMs are used.
            refinement: from maps to masks; defaults when None.
            walk: see the attribute.
            kind: prefix of the identity.
            self_trained: see the attribute.
            loss: see the attribute.
        """
        self._sources = sources
        self._kind = kind
        self._refinement = refinement or PseudoLabelConfig()
        self.loss = loss
        self.walk = walk
        self.self_trained = self_trained

    @property
    def identity(self) -> str:
        """Key for caching maps: it changes with weights, heads, settings and edges; see `identity_of`."""
        return self.identity_of(())

    def identity_of(self, class_names: Sequence[str]) -> str:
        """Key for caching the maps of some classes; it also changes with what their names mean."""
        walk = f"+walk-{self.walk.identity}" if self.walk else ""
        pixels = f"+pixels-{self.self_trained.identity}" if self.self_trained else ""
        return f"{self._kind}{self._sources.identity_of(class_names)}{pixels}{walk}"

    @property
    def sources(self) -> CamSources:
        """The classifiers whose CAMs are used."""
        return self._sources

    @property
    def refinement(self) -> PseudoLabelConfig:
        """Threshold, CRF and the size of pieces that are dropped."""
        return self._refinement

    @property
    def background_threshold(self) -> float:
        """Value in [0, 1] that a map must exceed for its class to be in the mask, before the CRF."""
        return self._refinement.background_threshold

    @property
    def mask_identity(self) -> str:
        """`identity` and a hash of what follows the maps; see `mask_identity_of`."""
        return self.mask_identity_of(())

    def mask_identity_of(self, class_names: Sequence[str]) -> str:
        """`identity_of` and a hash of what follows the maps: equal ones make equal masks."""
        refinement = f"{self._refinement.model_dump_json()} crf={crf_available().available}"
        return f"{self.identity_of(class_names)}+{hashlib.sha256(refinement.encode()).hexdigest()[:8]}"

    def cams(self, image_rgb: RgbImage, class_names: Sequence[str]) -> CamResult:
        """The maps of the tags; `cams_khw` are the final ones, after self-training and walk.

        Args:
            image_rgb: uint8 (H, W, 3).
            class_names: the picture's tags, each once; may be empty.

        Raises:
            ValueError: the picture is not a uint8 RGB array, or a class is given twice.
        """
        result = self._sources.compute(image_rgb, class_names)
        maps_khw = self.seeds(image_rgb, result.cams_khw, class_names)
        if self.walk is None or not class_names:
            return replace(result, cams_khw=maps_khw, identity=self.identity_of(class_names))
        return replace(
            result, cams_khw=self.walk.maps(image_rgb, maps_khw), identity=self.identity_of(class_names)
        )

    def final_maps(self, image_rgb: RgbImage, class_names: Sequence[str]) -> Maps:
        """Only the `cams_khw` of `cams`, without the work for tiles; same arguments and errors."""
        maps_khw = self.seeds(image_rgb, self._sources.multi_scale(image_rgb, class_names), class_names)
        return self.walk.maps(image_rgb, maps_khw) if self.walk and class_names else maps_khw

    def seeds(self, image_rgb: RgbImage, cams_khw: Maps, class_names: Sequence[str]) -> Maps:
        """The seeds of the walk, float32 (K, h, w) in [0, 1]: the self-trained maps, or the CAMs."""
        return self.self_trained.maps(image_rgb, cams_khw, class_names) if self.self_trained else cams_khw

    def edges(self, image_rgb: RgbImage, grid_size: tuple[int, int]) -> NDArray[np.float32] | None:
        """Edges float32 (h, w) in [0, 1] on the grid of the maps; None without a walk."""
        return self.walk.edges.edges(image_rgb, grid_size) if self.walk else None

    def mask(
        self,
        image_rgb: RgbImage,
        cams: CamResult,
        class_indices: Sequence[int],
        image_crf: ImageCrf | None = None,
    ) -> NDArray[np.uint8]:
        """The pseudo-mask, uint8 (H, W); arguments and errors as for `pseudo_label`."""
        return pseudo_label(image_rgb, cams, class_indices, self._refinement, image_crf)

    def image_crf(self, image_rgb: RgbImage, class_count: int) -> ImageCrf | None:
        """The CRF for `mask`, which may be used again for other maps; None if the masks need none.

        Args:
            image_rgb: uint8 (H, W, 3).
            class_count: Number of maps.
        """
        if not (self._refinement.use_crf and crf_available().available):
            return None
        return ImageCrf(image_rgb, class_count + 1, self._refinement.crf)

    def describe(self, class_name: str) -> str:
        """Where the map of the class comes from, in one sentence for people."""
        return self._sources.first.describe(class_name)


def zero_shot_model(
    device: DeviceChoice | str | None = None,
    *,
    source: ZeroShotSource | None = None,
    min_piece_share: float | None = None,
    words: TagWords | None = None,
) -> ProposalModel:
    """A model that needs no training; errors as for `trainer.cams.zero_shot_sources.ZeroShotSource.load`.

    Args:
        device: see `run_model`.
        source: the classifier; that of ImageNet when None.
        min_piece_share: see `trainer.config.MinPieceShare`; the default when None.
        words: what tags mean; without aliases when None.
    """
    source = source or ZeroShotSource()
    refinement = _with_pieces(PseudoLabelConfig(), min_piece_share)
    return ProposalModel(CamSources([CamSource(source.load(device, words))], source.maps), refinement)


def run_model(
    run_dir: Path | str,
    device: DeviceChoice | str | None = None,
    *,
    epoch: int | None = None,
    min_piece_share: float | None = None,
) -> ProposalModel:
    """The model of a run: its classifier and, if they were trained, its pixel classifier and random walk.

    Args:
        run_dir: the run directory.
        device: a choice made before, a name, or None to let `choose_device` decide.
        epoch: use the classifier as it was after this many epochs (`trainer.training.kept_epochs`), without
            self-training and walk, which learned from the maps of the last epoch.
        min_piece_share: see `trainer.config.MinPieceShare`; that of the run's recipe when None.

    Raises:
        RunDirError: the folder is not a run directory, or its manifest is damaged or of another version.
        TrainerUsageError: the recipe in its manifest is of another version.
        CheckpointError: the run has not trained its classifier yet, or a model file is damaged.
        BackboneError: the weights of the zero-shot classifier are not installed.
    """
    directory = RunDir(run_dir)
    recipe = recipe_from(directory.manifest().recipe, where=f"The recipe of {directory.path}")
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    walk, self_trained = None, None
    if epoch is None:
        walk, self_trained = _walk(recipe, directory, choice), _self_trained(recipe, directory, choice)
    sources = load_sources(recipe, directory, choice, epoch=epoch)
    refinement = refinement_of(recipe, is_walked=walk is not None, is_self_trained=self_trained is not None)
    refinement = _with_pieces(refinement, min_piece_share)
    return ProposalModel(
        sources, refinement, walk, kind=RUN_KIND, self_trained=self_trained, loss=recipe.classify.method_loss
    )


def refinement_of(recipe: Recipe, *, is_walked: bool, is_self_trained: bool = False) -> PseudoLabelConfig:
    """From maps to masks as a recipe says, for maps before or after the random walk."""
    unwalked = recipe.evaluate.pixels_threshold if is_self_trained else recipe.evaluate.cam_threshold
    threshold = recipe.refine.background_threshold if is_walked else unwalked
    return PseudoLabelConfig(
        background_threshold=threshold,
        use_crf=recipe.refine.use_crf,
        crf=CrfConfig(iterations=recipe.refine.crf_iterations),
        min_piece_share=recipe.refine.min_piece_share,
    )


def _with_pieces(refinement: PseudoLabelConfig, min_piece_share: float | None) -> PseudoLabelConfig:
    if min_piece_share is None:
        return refinement
    return refinement.model_copy(update={"min_piece_share": min_piece_share})


def _walk(recipe: Recipe, directory: RunDir, device: DeviceChoice) -> Walk | None:
    path = directory.model_path(AFFINITY)
    if not (recipe.walks and path.is_file()):
        return None
    digest = hashlib.sha256(path.read_bytes())
    # The pieces are dropped after the walk: maps that were cached before this setting existed stay good.
    digest.update(recipe.refine.model_dump_json(exclude={"min_piece_share"}).encode())
    return Walk(load_edge_model(path, device), recipe.refine, digest.hexdigest()[:12])


def _self_trained(recipe: Recipe, directory: RunDir, device: DeviceChoice) -> SelfTrained | None:
    path = directory.model_path(PIXELS)
    if not (recipe.self_trains and path.is_file()):
        return None
    return SelfTrained(load_pixel_model(path, device), hashlib.sha256(path.read_bytes()).hexdigest()[:12])
