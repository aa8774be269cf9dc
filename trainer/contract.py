"""What the trainer and the app must agree on: names, codes, and the fields of what the trainer writes.

What both sides use is defined here and nowhere else. This module imports only the standard library, so every
command can import it at once (a test holds that).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NotRequired, Self, TypedDict

# Stages and recipes

CLASSIFY: Final = "classify"
CAMS: Final = "cams"
AFFINITY: Final = "affinity"
PIXELS: Final = "pixels"
REFINE: Final = "refine"
SEGMENT: Final = "segment"
RELABEL: Final = "relabel"
EVALUATE: Final = "evaluate"

STAGES: Final = (CLASSIFY, CAMS, AFFINITY, PIXELS, REFINE, SEGMENT, EVALUATE)
"""The stages of a run of one round in the order they run.

Each is a module of `trainer.stages` with this name.
"""

LATER_STAGES: Final = (RELABEL, SEGMENT)
"""The stages of each round after the first, which run before `EVALUATE`; each is a module too."""

MAX_ROUNDS: Final = 4
"""Most rounds that a recipe may have."""


def in_round(name: str, number: int) -> str:
    """The name of a stage, or of a measured output, in a round; the first round adds nothing to it.

    >>> in_round("segment", 1), in_round("segment", 2)
    ('segment', 'segment-2')
    """
    return name if number == 1 else f"{name}-{number}"


def split_round(name: str) -> tuple[str, int]:
    """What `in_round` was given.

    >>> split_round("segment"), split_round("segment-2")
    (('segment', 1), ('segment', 2))
    """
    base, _, number = name.rpartition("-")
    return (base, int(number)) if base and number.isdecimal() else (name, 1)


def stages_of(rounds: int) -> tuple[str, ...]:
    """All stages of a run in the order they run.

    >>> stages_of(2)[4:]
    ('refine', 'segment', 'relabel-2', 'segment-2', 'evaluate')
    """
    later = (in_round(name, number) for number in range(2, rounds + 1) for name in LATER_STAGES)
    return (*STAGES[:-1], *later, STAGES[-1])


DEFAULT_RECIPE: Final = "cpu-lite0"
"""The recipe of commands that are not told another one."""

# Pictures

MAX_PICTURE_PIXELS: Final = 100_000_000
"""Pictures with more pixels are refused as decompression bombs, unless the limit is raised."""

MAX_PICTURE_PIXELS_VARIABLE: Final = "PUZZLECAM_MAX_IMAGE_PIXELS"
"""Environment variable with another limit."""

PICTURE_SUFFIXES: Final = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif",
)  # fmt: skip
"""Endings of pictures' names, in small letters, in the order in which a picture without one is looked for."""

HEIF_SUFFIXES: Final = (".heic", ".heif", ".hif")
"""Endings of pictures that can be read if the package pillow-heif is installed."""

# Models

ZERO_SHOT_KIND: Final = "zero-shot"
"""Start of the identity of a model that was not trained (`trainer.cams.zero_shot`)."""

RUN_KIND: Final = "run-model/"
"""Start of the identity of a run's model (`trainer.models.proposal`)."""

# The run directory

MANIFEST_FILE: Final = "manifest.json"
EVENTS_FILE: Final = "events.jsonl"
METRICS_FILE: Final = "metrics.json"
TENSORBOARD_FOLDER: Final = "tensorboard"
"""Curves for TensorBoard; small, so pruning keeps it like the events."""


class Folder(StrEnum):
    """Folders of a run directory; `trainer.run.directory.RunDir` says what is in them."""

    CHECKPOINTS = "checkpoints"
    MODELS = "models"
    FILM = "film"
    EPOCHS = "epochs"
    CAMS = "cams"
    AFFINITY = "affinity"
    PIXELS = "pixels"
    WALK = "walk"
    PSEUDO = "pseudo"
    INSTANCES = "instances"
    SEGMENT = "segment"
    ROUNDS = "rounds"


# How the trainer's process ends

EXIT_GOOD: Final = 0
EXIT_STOPPED: Final = 3
"""The trainer stopped because it was asked to; what it had made is stored."""


class FailureCode(StrEnum):
    """Why the trainer failed: the field `code` of the event "run_failed".

    Attributes:
        exit_code: the exit code of the trainer's process. It tells the reason where no event could be
            written: before the run began, or on a full disk.
    """

    exit_code: int

    def __new__(cls, value: str, exit_code: int) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.exit_code = exit_code
        return member

    UNEXPECTED = "unexpected", 1
    """An error that the program does not know; Python itself also ends with this exit code."""

    BAD_SETTINGS = "bad_settings", 2
    """A recipe, an override, a stage or an option cannot be used."""

    DISK_FULL = "disk_full", 4
    OUT_OF_MEMORY = "out_of_memory", 5

    WORKER_ENDED = "worker_ended", 6
    """Something outside the trainer ended one of its helper processes."""

    ANOTHER_DATASET = "another_dataset", 7
    """The run directory belongs to another dataset, or the pictures changed since the run began."""

    RUN_DIRECTORY_IN_USE = "run_directory_in_use", 8
    BAD_RUN_DIRECTORY = "bad_run_directory", 9
    """The run directory is none, or its manifest is damaged or of another version."""

    BAD_DATASET = "bad_dataset", 10
    """A picture, a mask or a list of the dataset cannot be used."""

    WEIGHTS_MISSING = "weights_missing", 11
    """The backbone is unknown, or its weights are missing or do not fit."""

    DAMAGED_FILE = "damaged_file", 12
    """A file that an earlier stage or attempt made is missing or damaged."""

    DIVERGED = "diverged", 13
    """A loss is no longer a number."""

    PACKAGE_MISSING = "package_missing", 14
    """An optional package is not installed."""

    INTERRUPTED = "interrupted", 130
    """Ctrl+C."""

    @classmethod
    def of_text(cls, text: object) -> FailureCode | None:
        """The failure that the field `code` of an event names; None for anything else.

        >>> FailureCode.of_text("disk_full")
        <FailureCode.DISK_FULL: 'disk_full'>
        """
        return next((code for code in cls if code == text), None)

    @classmethod
    def of_exit_code(cls, exit_code: int) -> FailureCode | None:
        """The failure that an exit code stands for; None for any other code.

        >>> FailureCode.of_exit_code(4)
        <FailureCode.DISK_FULL: 'disk_full'>
        """
        return next((code for code in cls if code.exit_code == exit_code), None)


# events.jsonl: every event has `time` (UTC, ISO 8601) and `kind`, those of a stage also have `stage`


class EventKind(StrEnum):
    """The field `kind` of an event."""

    RUN_STARTED = "run_started"
    RUN_FINISHED = "run_finished"
    RUN_FAILED = "run_failed"
    RUN_STOPPED = "run_stopped"
    IMAGES_SKIPPED = "images_skipped"
    STAGE_STARTED = "stage_started"
    STAGE_SKIPPED = "stage_skipped"
    STAGE_FINISHED = "stage_finished"
    RESUMED = "resumed"
    PROGRESS = "progress"
    STEP = "step"
    EPOCH = "epoch"
    FILM = "film"
    METRICS = "metrics"
    ALARM = "alarm"
    WARNING = "warning"


class RunStartedFields(TypedDict):
    """Further fields of "run_started": a sentence about the device, and the number of accepted masks."""

    recipe: str
    stages: list[str]
    device: str
    accepted: int


class RunFailedFields(TypedDict):
    """Further fields of "run_failed": `error` names the exception, `message` is a sentence for people."""

    code: NotRequired[str]  # a `FailureCode`; older logs have none
    error: str
    message: str


class MessageFields(TypedDict):
    """The field that "alarm" and "warning" have for people."""

    message: str


class NotDoneFields(TypedDict, total=False):
    """What a stage did not do and why, in sentences for people: in its events and in its summary.

    `skipped` says why it had nothing to do at all, `left_out` what it did not do although it ran.
    """

    skipped: str
    left_out: str


def not_done(values: Mapping[str, Any]) -> dict[str, str]:
    """The fields of an event or a summary that say what was not done.

    >>> not_done({"seconds": 0.1, "skipped": "The recipe turns it off."})
    {'skipped': 'The recipe turns it off.'}
    """
    names = NotDoneFields.__annotations__
    return {name: text for name, text in values.items() if name in names and isinstance(text, str)}


class StageSkippedFields(NotDoneFields):
    """Further fields of "stage_skipped": `taken_from` is the run directory the outputs were taken from."""

    key: str
    taken_from: NotRequired[str]


class StageFinishedFields(NotDoneFields):
    """Further fields of "stage_finished"."""

    seconds: float
    summary: dict[str, Any]
    profile: NotRequired[dict[str, float]]


class ProgressFields(TypedDict):
    """Further fields of "progress": pictures done, and how long the rest takes."""

    done: int
    total: int
    images_per_s: float
    eta_s: float


class EpochFields(TypedDict):
    """Further fields of "epoch": its number from 1, and mean losses by name (null where not a number)."""

    epoch: int
    epochs: int
    losses: dict[str, float | None]


class StepFields(EpochFields):
    """Further fields of "step": an optimiser step of the training, numbered from 1; its losses by name."""

    step: int
    steps: int
    learning_rate: float
    images_per_s: float
    eta_s: float
    memory_mb: int


class FilmFields(TypedDict):
    """Further fields of "film": ids of the pictures whose maps were stored after an epoch; 0 is the start."""

    epoch: int
    pictures: list[str]


# metrics.json


class Measured(StrEnum):
    """Outputs that are measured against ground truth: the field `name` of a row of metrics.json.

    Outputs of a round after the first have the number of the round behind the name (`in_round`).
    """

    CAM = "cam"
    PIXELS = "pixels"
    WALK = "walk"
    PSEUDO = "pseudo"
    SEGMENTATION = "segmentation"


class ScoreFields(TypedDict):
    """One figure: mean IoU and IoU by class (background first) in [0, 1], null where nothing was counted."""

    miou: float | None
    threshold: float | None
    per_class: list[float | None]


class MetricsRow(TypedDict):
    """One output on one split; `oracle` is null where no threshold could be chosen."""

    name: str
    title: str
    split: str
    pictures: int
    honest: ScoreFields
    oracle: ScoreFields | None


class Metrics(TypedDict):
    """metrics.json; `classes` names the classes of `per_class`."""

    format: str
    version: int
    classes: list[str]
    absent_classes: str
    note: str
    accepted_left_out: NotRequired[int]
    rows: list[MetricsRow]
