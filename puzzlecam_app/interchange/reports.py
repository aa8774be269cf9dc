"""Reports of imports, stored with the dataset and shown to people."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from db.datasets import add_import_report, list_import_reports
from db.engine import Database
from puzzlecam_app.interchange.problems import Problem
from puzzlecam_app.interchange.tag_readings import TagReading


class ImportReport(BaseModel):
    """Outcome of one import. `added`, `changed`, `unchanged` and `left_out` count pictures."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    dataset_id: int
    source: str = Field(description="Folder that was read.")
    layout: str
    recognised: str = Field(default="", description="By what the format was recognised.")
    classes: tuple[str, ...] = Field(description="Class names in index order, from index 1.")
    found: int = Field(description="Pictures that the folder contains or lists.")
    added: int
    changed: int = Field(description="Known pictures that got another name, content, tags, split or mask.")
    unchanged: int
    renamed: int = Field(default=0, description="Known pictures that were found under another name.")
    missing: int = Field(default=0, description="Known pictures that were found no more.")
    left_out: int = Field(description="Pictures that were not imported; each has a problem.")
    proposals: int = Field(description="Masks stored as proposals by this import.")
    ground_truth: int = Field(description="Pictures that got a ground-truth mask in this import.")
    accepted: int = Field(default=0, description="Masks stored as accepted work by this import.")
    masks_unread: int = Field(default=0, description="Masks that nobody asked to import.")
    words: tuple[TagReading, ...] = Field(default=(), description="How each class was understood.")
    problems: tuple[Problem, ...] = Field(description="In the natural order of files.")

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems because of which something was left out."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def is_complete(self) -> bool:
        """Whether everything that the folder contains was used."""
        return self.left_out == 0 and not any(problem.left_out for problem in self.problems)

    @property
    def problem_counts(self) -> str:
        """How many problems there are, as in ``1 error, 2 warnings``."""
        errors = len(self.errors)
        warnings = len(self.problems) - errors
        return f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def keep_report(database: Database, report: ImportReport) -> None:
    """Store a report with its dataset."""
    fields = report.model_dump(mode="json")
    problems = fields.pop("problems")
    with database.write() as session:
        add_import_report(session, report.dataset_id, source=report.source, summary=fields, problems=problems)


def load_reports(database: Database, dataset_id: int) -> list[ImportReport]:
    """Reports of a dataset, newest first."""
    with database.read() as session:
        rows = list_import_reports(session, dataset_id)
    return [ImportReport(**row.summary, problems=row.problems) for row in rows]
