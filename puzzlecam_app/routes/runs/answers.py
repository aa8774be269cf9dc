"""Answers of the Runs page's routes. The types of its JavaScript are generated from these models."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, Field

from db.run_status import RunStatus
from puzzlecam_app.runs.form import FormField
from puzzlecam_app.runs.jobs import Job
from puzzlecam_app.runs.progress import StageProgress
from puzzlecam_app.runs.publishing import ItemPlan

ResultT = TypeVar("ResultT")
Share = float | None
"""In [0, 1]; null where nothing was measured."""


class JobOut(BaseModel, Generic[ResultT]):
    """A job: ask again while it is running."""

    state: Literal["running", "done", "failed"]
    done: int = Field(description="Finished parts")
    total: int = Field(description="0 before it is known")
    result: ResultT | None = Field(description="Null until the state is done")
    problem: str | None = Field(description="A sentence, where the state is failed")

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(state=job.state, done=job.done, total=job.total, result=job.result, problem=job.problem)


class RunBrief(BaseModel):
    """A run in a list."""

    id: int
    name: str
    status: RunStatus
    dataset: str = Field(description="Its name")
    recipe_name: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    is_pruned: bool = Field(description="Whether its large files were removed")
    is_published: bool
    miou: Share = Field(description="Honest mean IoU of the pseudo-masks")
    stages: list[StageProgress] = Field(description="Empty unless a worker has the run")


class RunSizeFacts(RunBrief):
    """A run and its disk space."""

    bytes: int
    prunable_bytes: int = Field(description="What pruning would free")


class MessageFacts(BaseModel):
    """A sentence of the worker or the trainer."""

    time: str = Field(description="UTC, ISO 8601")
    kind: str
    message: str


class ProgressFacts(BaseModel):
    """How far a run is."""

    stages: list[StageProgress] = Field(description="All stages in order")
    device: str | None = Field(description="The trainer's sentence about it; null before it has started")
    memory_mb: int | None = Field(description="What the trainer held at the last step")
    messages: list[MessageFacts] = Field(description="Oldest first")
    last_sequence: int = Field(description="Number of the newest event that was looked at")


class PublicationFacts(BaseModel):
    """A publication of a run; in force unless it was undone."""

    id: int
    author: str | None
    created_at: datetime
    finished_at: datetime | None = Field(description="Null where it was cut off")
    undone_at: datetime | None


class ScoreFacts(BaseModel):
    """Mean IoU of an output."""

    miou: Share
    threshold: float | None = Field(default=None, description="Background threshold it was measured at")


class FigureFacts(BaseModel):
    """How good one output of a run is."""

    name: str
    title: str
    split: str
    pictures: int
    honest: ScoreFacts
    oracle: ScoreFacts | None = Field(description="With the threshold chosen on the ground truth")


class MetricsFacts(BaseModel):
    """What was measured against ground truth."""

    rows: list[FigureFacts] = Field(default=[], description="Empty where there is no ground truth")
    note: str = Field(default="", description="A sentence on what was measured")


class RunFacts(BaseModel):
    """Everything about a run except curves and log."""

    id: int
    name: str
    status: RunStatus
    dataset_id: int
    dataset: str = Field(description="Its name")
    split: str
    recipe_name: str | None
    recipe: dict[str, Any] = Field(description="Settings, as the version that started the run names them")
    device: str | None
    author: str | None
    cloned_from: int | None
    supervision: dict[str, Any] = Field(description="Counts of what it learns from")
    learns_from: str = Field(description="The same, as a sentence")
    position: int | None = Field(description="In the queue; null where it is not queued")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    attempts: int
    worker: str | None
    stop_is_firm: bool
    problem: str | None = Field(description="Why it failed")
    remedy: str | None
    log_tail: str | None
    metrics: MetricsFacts | None
    pruned_at: datetime | None
    progress: ProgressFacts
    publications: list[PublicationFacts] = Field(description="Newest first")


class FilmFrame(BaseModel):
    """Pictures whose maps were stored after an epoch."""

    epoch: int = Field(description="0 is before the first step")
    pictures: list[str] = Field(description="Their identifiers in the run")


class RunOut(BaseModel):
    """One run."""

    run: RunFacts
    is_busy: bool = Field(description="Whether it is queued or running, so that it is worth asking again")
    worker_is_silent: bool = Field(description="Whether its worker has not responded for long")
    unpublishable: str | None = Field(description="Why it cannot be published; null when it can")
    film: list[FilmFrame] = Field(description="By epoch")


class RunsOut(BaseModel):
    """All runs, in the order of the page."""

    runs: list[RunBrief]
    is_busy: bool = Field(
        description="Whether any run is queued or running, so that it is worth asking again"
    )


class SizesOut(BaseModel):
    """Bytes on disk, largest first."""

    runs: list[RunSizeFacts]
    total: int


class RunReference(BaseModel):
    """A run by number and name."""

    id: int
    name: str


class OfferFacts(BaseModel):
    """A suggestion to train another run on a dataset."""

    dataset_id: int
    dataset: str = Field(description="Its name")
    new: int = Field(description="Masks accepted or corrected since the run `since`")
    accepted: int = Field(description="Accepted masks that the run would learn from")
    pictures: int = Field(description="Tagged pictures")
    split: str
    since: RunReference | None = Field(description="Null if no run has learned from accepted masks yet")
    expects: str = Field(description="A sentence on what earlier runs reached")


class OffersOut(BaseModel):
    """Datasets for which another run is suggested, the one with most new masks first."""

    offers: list[OfferFacts]


class CurveFacts(BaseModel):
    """Loss curves of one training; all lists are of one length."""

    steps: list[int]
    total: int = Field(description="Steps of the whole training")
    losses: dict[str, list[float | None]] = Field(description="By name")
    learning_rate: list[float | None]


class CurvesOut(BaseModel):
    """Loss curves by stage."""

    last: int = Field(description="Number of the newest step event; the same number means the same curves")
    stages: dict[str, CurveFacts]


class LogOut(BaseModel):
    """The end of the trainer's output."""

    lines: list[str]


class RecipeChoice(BaseModel):
    """A shipped recipe."""

    name: str
    description: str
    values: dict[str, Any] = Field(description="Values by dotted name")


class FormOut(BaseModel):
    """The form: settings with names, descriptions and bounds; the shipped recipes with their values."""

    fields: list[FormField]
    recipes: list[RecipeChoice]


class SupervisionCounts(BaseModel):
    """What a run learns from, in numbers."""

    pictures: int
    untagged: int
    accepted_masks: int
    ground_truth: int
    classes: int
    label_set_revision: int


class SupervisionOut(BaseModel):
    """What a run started now would learn from."""

    splits: dict[str, int] = Field(description="Pictures by split")
    counts: SupervisionCounts
    sentence: str


class EstimateFacts(BaseModel):
    """Estimated time and memory of a run on this machine."""

    seconds: dict[str, float] = Field(description="By stage")
    total_s: float
    memory_mb: int | None
    basis: str = Field(description="A sentence on where the figures come from")


class EstimateJob(JobOut[EstimateFacts]):
    """The job of an estimate."""


class PrunedOut(BaseModel):
    """What pruning removed."""

    runs: list[int]
    freed: int = Field(description="Bytes")


class StoppedOut(BaseModel):
    """Status of a run that was asked to stop."""

    status: RunStatus
    is_firm: bool = Field(description="Whether it ends at once")
    worker_is_silent: bool


class StatusOut(BaseModel):
    """Status of a run."""

    status: RunStatus


class NameOut(BaseModel):
    """The name of a run."""

    name: str


class PictureReference(BaseModel):
    """A picture by id and name."""

    id: int
    name: str


class ComparedRun(RunReference):
    """A run that is compared."""

    status: RunStatus


class ComparedSetting(BaseModel):
    """A setting that is not the same in all runs."""

    setting: str
    values: list[Any]


class ComparedScore(BaseModel):
    """Mean IoU of an output of one run."""

    honest: Share
    oracle: Share
    pictures: int | None


class ComparedFigure(BaseModel):
    """A measured output of several runs."""

    name: str
    title: str
    split: str
    runs: list[ComparedScore | None]


class ComparedIou(BaseModel):
    """IoU of a class, run by run."""

    class_: str = Field(alias="class")
    values: list[Share]


class RunComparisonOut(BaseModel):
    """Runs side by side; lists inside are in the order of `runs`."""

    runs: list[ComparedRun]
    settings: list[ComparedSetting]
    metrics: list[ComparedFigure]
    classes: list[ComparedIou]
    curves: list[dict[str, CurveFacts]] = Field(description="By stage")
    items: list[PictureReference] = Field(description="Pictures that all runs know, to be shown side by side")


class PreviewFacts(BaseModel):
    """What publishing a run would change."""

    counts: dict[Literal["changed", "new", "unchanged", "kept", "left out"], int]
    items: list[ItemPlan] = Field(description="Some of the changes, largest first")
    left_out: list[ItemPlan] = Field(description="Some of the pictures that cannot use the run's mask")
    remarked: list[ItemPlan] = Field(
        description="Some of the pictures whose new mask covers the whole picture or is empty"
    )
    warning: str | None = Field(description="A sentence about all such masks; null if there are none")


class PublishedFacts(BaseModel):
    """What publishing did, in pictures."""

    publication_id: int | None = Field(description="Null where there was nothing to do")
    published: int
    unchanged: int = Field(description="Already have the run's mask")
    kept: int = Field(description="Left alone because of a person's work")
    left_out: int = Field(description="Cannot use the run's mask")
    warning: str | None = Field(
        description="A sentence about masks that cover whole pictures or are empty; null if there are none"
    )


class UnpublishedFacts(BaseModel):
    """What unpublishing did, in pictures."""

    restored: int
    kept: int = Field(description="Left alone because of a person's work")


class PreviewJob(JobOut[PreviewFacts]):
    """The job of a preview of publishing."""


class PublicationJob(JobOut[PublishedFacts | UnpublishedFacts]):
    """The job of publishing or unpublishing."""
