"""The settings of every stage, and the recipe that holds them together.

All models are frozen and refuse unknown keys. `trainer.settings` says which of their fields make a finished
stage run again when they change, and how to add a field without making finished runs stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from trainer.classify_config import ClassifyConfig
from trainer.contract import MAX_ROUNDS, REFINE, stages_of
from trainer.saliency_config import SaliencyConfig
from trainer.segment_config import SegmentConfig
from trainer.setting_types import (
    DEFAULT_MIN_PIECE_SHARE,
    BackgroundThreshold,
    CrfIterations,
    Flip,
    MaxSide,
    MinPieceShare,
    Scales,
    Threshold,
    UseCrf,
)
from trainer.settings import Settings, later_field, machine_field
from trainer.training_config import (
    BatchSize,
    BatchStatistics,
    Epochs,
    Optimizer,
    OptimizerConfig,
    TrainingConfig,
    View,
    ViewConfig,
)

RECIPE_VERSION = 1

ZERO_SHOT_BACKBONES = ("lite0", "lite2")
"""Backbones whose ImageNet classifier needs no download (`trainer.nn.backbones.BACKBONES`)."""

ZeroShotName = Literal["imagenet", "clip", "clip-es"]
"""What makes maps without training: an ImageNet classifier, or CLIP in one of two ways (`trainer.cams`)."""


class BackboneConfig(Settings):
    """The ImageNet network that classifier, AffinityNet and segmentation start from."""

    name: str = Field(default="lite0", description="Name of the network, such as lite0 or resnest50.")
    weights: Path | None = Field(
        default=None,
        description="File with the initial weights (.pth or .safetensors); the published ones if empty.",
    )
    pretrained: bool = Field(
        default=True, description="Start from ImageNet weights; off starts from random weights instead."
    )


class CamsConfig(Settings):
    """Stage 2: multi-scale CAMs of the training pictures."""

    scales: Scales = Field(
        default=(0.5, 1.0, 1.5, 2.0), description="Scales of the picture whose maps are summed."
    )
    flip: Flip = True
    max_side: MaxSide = 512
    affinity_power: float = Field(
        default=0.0,
        ge=0,
        description="Spread each map over cells with similar features, weighted by their similarity to this "
        "power; 0 turns spreading off, as in the paper.",
    )
    zero_shot_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the zero-shot maps in their mean with the trained classifier's: 0, as in the "
        "paper, leaves them out, 1 uses them alone. Above 0 it needs a lite backbone, or CLIP.",
    )
    zero_shot_source: ZeroShotName = later_field(
        "imagenet",
        description="What makes the zero-shot maps: the ImageNet classifier of a lite backbone, CLIP for any "
        "tag, or CLIP-ES where the tags of every picture are complete. CLIP needs the extra 'words' and "
        "clip_sha256; its maps have one scale.",
    )
    clip_weights: Path | None = machine_field(
        None, description="File with the weights of CLIP (.safetensors or .pth); the published ones if empty."
    )
    clip_sha256: str | None = later_field(
        None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description="SHA-256 of the weights of CLIP, by which a run says what it used.",
    )
    clip_network: str = later_field(
        "ViT-B-16-quickgelu",
        min_length=1,
        description="Network of the weights, as open_clip names it: ViT-B-16-quickgelu for OpenAI's, "
        "ViT-B-16 for LAION's.",
    )
    batch_pictures: int | None = machine_field(
        None,
        ge=1,
        le=256,
        description="Pictures whose views pass the network together; 1 on a CPU and 16 on a GPU if empty. "
        "Choose fewer if the GPU's memory is full.",
    )
    learn_from_accepted: bool = later_field(
        False,
        description="Combine the maps with what accepted masks teach in closed form (the live model), before "
        "AffinityNet and the walk. It changes nothing in a dataset without accepted masks.",
    )


class PsaConfig(Settings):
    """AffinityNet of 2018 (Ahn and Kwak, CVPR 2018); used if affinity.method is psa."""

    low_power: float = later_field(
        4.0,
        gt=0,
        description="Exponent of the strong background (1 - strongest CAM) ** exponent: what is an object "
        "even beside it is a confident object.",
    )
    high_power: float = later_field(
        32.0,
        gt=0,
        description="Exponent of the weak background: what is background even then is confident background.",
    )
    walk_power: float = later_field(
        16.0, gt=0, description="Exponent of the background that walks beside the classes."
    )
    trains_backbone: bool = later_field(
        False, description="Also train the backbone, as the authors did; off keeps it frozen."
    )


class AffinityConfig(TrainingConfig):
    """Stage 3: what guides the random walk, trained on the frozen backbone (paper section 4.3)."""

    method: Literal["irn", "psa"] = later_field(
        "irn",
        description="What is trained. irn: the edge branch of IRNet (2019), as in the paper of Puzzle-CAM; "
        "edges stop the walk. psa: AffinityNet of 2018; features of neighbouring cells are compared, and "
        "background walks beside the classes, so that refine.background_threshold should be 0.5.",
    )
    psa: PsaConfig = later_field(PsaConfig(), description="Settings of method psa.")
    displacement: bool = later_field(
        False,
        description="Train a displacement field beside the edges (IRNet, 2019), which tells objects of one "
        "class apart: the stage refine then also stores instances. The masks of classes stay the same; "
        "training takes about twice as long.",
    )

    enabled: bool = Field(
        default=True, description="Train AffinityNet; off also turns off self-training and the random walk."
    )
    epochs: Epochs = 3
    batch_size: BatchSize = 32
    batch_statistics: BatchStatistics = Field(
        default="batch", description="No effect in this stage, which does not train the backbone."
    )
    foreground_threshold: Threshold = Field(
        default=0.40,
        description="A CAM above this marks a confident object; the dense CRF then refines its border.",
    )
    background_threshold: Threshold = Field(
        default=0.10,
        description="Pixels where no CAM exceeds this are confident background; the dense CRF then refines "
        "its border.",
    )
    crf_iterations: CrfIterations = 10
    radius: int = Field(
        default=10,
        ge=1,
        description="Pairs of cells closer than this are compared, in cells of four pixels (eight with psa, "
        "whose authors took 5).",
    )
    view: View = Field(default_factory=ViewConfig)

    @model_validator(mode="after")
    def _displacement_is_of_irnet(self) -> Self:
        if self.displacement and self.method != "irn":
            raise ValueError(
                "affinity.displacement needs affinity.method = irn: AffinityNet of 2018 has no instances"
            )
        return self


class PixelsConfig(TrainingConfig):
    """Stage 4: self-training, a pixel classifier on the confident labels; off in the paper's recipes."""

    enabled: bool = Field(
        default=False,
        description="Self-training: train a pixel classifier on AffinityNet's confident labels, and use its "
        "maps instead of the CAMs.",
    )
    epochs: Epochs = 4
    batch_size: BatchSize = 16
    accepted_repeat: int = machine_field(  # but part of the key with such masks: trainer.stages.pixels
        4,
        ge=1,
        le=100,
        description="Times that an epoch shows a picture with an accepted mask, whose labels are exact.",
    )
    optimizer: Optimizer = Field(
        default_factory=lambda: OptimizerConfig(method="adamw", learning_rate=0.002, weight_decay=0.01)
    )
    batch_statistics: BatchStatistics = Field(
        default="frozen", description="No effect in this stage, which does not train the backbone."
    )
    view: View = Field(default_factory=lambda: ViewConfig(min_side=384, max_side=512, crop=448))
    scales: Scales = Field(
        default=(0.75, 1.0), description="Scales of the picture whose probabilities are averaged."
    )
    flip: Flip = True
    max_side: MaxSide = 512


class RefineConfig(Settings):
    """Stage 5: random walk and dense CRF, from CAMs to pseudo-labels (paper section 4.3)."""

    use_walk: bool = Field(default=True, description="Spread the maps by the random walk.")
    beta: float = Field(
        default=10.0,
        gt=0,
        description="Exponent of the affinities: the higher, the more edges stop the walk.",
    )
    radius: int = Field(
        default=5,
        ge=1,
        description="A step of the walk reaches cells closer than this, in cells of the maps.",
    )
    log2_steps: int = Field(
        default=8, ge=0, le=16, description="The walk takes 2 ** log2_steps steps: 8 stands for 256."
    )
    walk_background: bool = Field(
        default=False,
        description="Background walks too and competes with the classes; 0.5 is then the decision boundary.",
    )
    background_threshold: BackgroundThreshold = 0.35
    use_crf: UseCrf = True
    crf_iterations: CrfIterations = 1
    min_piece_share: MinPieceShare = later_field(DEFAULT_MIN_PIECE_SHARE)
    instance_threshold: Threshold = later_field(
        0.25,
        description="With affinity.displacement: a pixel is in an instance if its walked map exceeds this.",
    )


class RelabelConfig(Settings):
    """Later rounds: new pseudo-labels from the segmentation network.

    Walk and CRF have the settings of `RefineConfig`, except for the fields below.
    """

    scales: Scales = later_field(
        (0.75, 1.0, 1.25), description="Scales of the picture whose probabilities are averaged."
    )
    flip: Flip = later_field(True)
    max_side: MaxSide = later_field(512)
    use_walk: bool = later_field(
        True, description="Spread the network's maps by the random walk, if the run has one."
    )
    background_threshold: BackgroundThreshold = later_field(0.5)


class EvaluateConfig(Settings):
    """Stage 7: mean IoU against ground truth, where there is any. No setting is chosen by it."""

    cam_threshold: Threshold = Field(
        default=0.4, description="Fixed background threshold of the honest figure for CAMs."
    )
    pixels_threshold: Threshold = Field(
        default=0.5, description="Fixed background threshold of the honest figure for self-trained maps."
    )
    walk_threshold: Threshold = Field(
        default=0.35, description="Fixed background threshold of the honest figure after the random walk."
    )
    oracle_thresholds: int = Field(
        default=50,
        ge=1,
        le=200,
        description="Number of thresholds that oracle figures try, evenly spread between 0 and 1.",
    )
    crf_oracle_thresholds: tuple[float, ...] = Field(
        default=(),
        description="Thresholds that the oracle figure for pseudo-labels tries; each costs a dense CRF for "
        "every picture.",
    )
    absent_classes: Literal["skip", "zero"] = Field(
        default="skip",
        description="A class in neither ground truth nor prediction: 'skip' leaves it out of the mean, "
        "'zero' counts it as zero, as the authors' code does.",
    )


class Recipe(Settings):
    """A whole run: settings of all stages, read from TOML."""

    version: Literal[1] = Field(default=1, description="Version of the recipe format.")
    name: str = Field(min_length=1, description="Name of the recipe.")
    description: str = Field(default="", description="What the recipe is for, and what it needs.")
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**32,
        description="Random seed; with the same one a run repeats bit for bit on the same device.",
    )
    backbone: BackboneConfig = Field(default_factory=BackboneConfig, description="The ImageNet network.")
    on_bad_image: Literal["skip", "stop"] = Field(
        default="skip",
        description="Leave out and count a picture that cannot be read, or stop the run at once.",
    )
    deterministic: bool = Field(
        default=True, description="Use algorithms that repeat bit for bit, where the device has them."
    )
    tensorboard: bool = machine_field(
        False,
        description="Write the curves as TensorBoard event files too, while the run trains; needs the extra "
        "'tensorboard'.",
    )
    use_accepted: bool = Field(
        default=True,
        description="Learn from accepted masks: they are labels of every network, and add a pixel-wise loss "
        "to the classifier's.",
    )
    accepted_pixel_weight: float = Field(
        default=1.0,
        ge=0,
        description="Weight of L_pix, the classifier's pixel-wise loss on accepted masks; 0 trains it on "
        "tags alone.",
    )
    rounds: int = later_field(
        1,
        ge=1,
        le=MAX_ROUNDS,
        description="How often the segmentation network is trained; from the second round on, it learns "
        "labels that the network of the round before made, held to the tags.",
    )
    saliency: SaliencyConfig = later_field(SaliencyConfig(), description="Saliency maps of the pictures.")
    classify: ClassifyConfig = Field(default_factory=ClassifyConfig, description="The classifier.")
    cams: CamsConfig = Field(default_factory=CamsConfig, description="Its CAMs.")
    affinity: AffinityConfig = Field(default_factory=AffinityConfig, description="AffinityNet.")
    pixels: PixelsConfig = Field(default_factory=PixelsConfig, description="Self-training.")
    refine: RefineConfig = Field(default_factory=RefineConfig, description="Random walk and CRF.")
    segment: SegmentConfig = Field(default_factory=SegmentConfig, description="DeepLabv3+.")
    relabel: RelabelConfig = Field(default_factory=RelabelConfig, description="Labels of later rounds.")
    evaluate: EvaluateConfig = Field(default_factory=EvaluateConfig, description="Evaluation.")

    @property
    def self_trains(self) -> bool:
        """Whether the stage pixels is on; it learns from AffinityNet's labels, so it needs that stage too."""
        return self.pixels.enabled and self.affinity.enabled

    @property
    def walks(self) -> bool:
        """Whether maps are spread by the random walk, which needs the edges of AffinityNet."""
        return self.refine.use_walk and self.affinity.enabled

    @property
    def saliency_stages(self) -> frozenset[str]:
        """The stages whose results depend on saliency maps; none without a source of them."""
        return frozenset() if self.saliency.source == "none" else frozenset({REFINE})

    @property
    def stages(self) -> tuple[str, ...]:
        """All stages of a run of this recipe, in the order they run."""
        return stages_of(self.rounds)

    @model_validator(mode="after")
    def _rounds_have_a_network(self) -> Self:
        if self.rounds > 1 and not self.segment.enabled:
            raise ValueError(
                f"rounds = {self.rounds} needs the segmentation network, which labels the pictures of the "
                f"next round; set segment.enabled to true, or rounds to 1"
            )
        return self

    @model_validator(mode="after")
    def _zero_shot_is_possible(self) -> Self:
        uses_clip = self.cams.zero_shot_share > 0 and self.cams.zero_shot_source != "imagenet"
        if uses_clip and self.cams.clip_sha256 is None:
            raise ValueError(
                f"cams.zero_shot_source = {self.cams.zero_shot_source} needs cams.clip_sha256, the SHA-256 "
                "of the weights (sha256sum FILE prints it), so that the run says what it used"
            )
        uses_backbone = self.cams.zero_shot_share > 0 and self.cams.zero_shot_source == "imagenet"
        if uses_backbone and self.backbone.name not in ZERO_SHOT_BACKBONES:
            raise ValueError(
                f"cams.zero_shot_share needs the ImageNet classifier of {' or '.join(ZERO_SHOT_BACKBONES)}, "
                f"but the backbone is {self.backbone.name}; set it to 0, or cams.zero_shot_source to clip"
            )
        return self
