"""Datasets get other names, are removed, and come back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from db.datasets import (
    MAX_NAME_LENGTH,
    get_dataset,
    remove_dataset,
    removed_datasets,
    rename_dataset,
    restore_dataset,
)
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import (
    CurrentPerson,
    DatasetId,
    HttpError,
    OpenServices,
    problem_responses,
)

router = APIRouter(prefix="/datasets", tags=["datasets"])


class DatasetNameIn(BaseModel):
    """The name of a dataset."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_LENGTH)


class DatasetNameOut(BaseModel):
    """A dataset by its name."""

    id: int
    name: str


class RemovedDatasetOut(DatasetNameOut):
    """A dataset that was removed."""

    removed_at: str = Field(description="UTC, ISO 8601")


@router.get("/removed")
def read_removed(services: OpenServices, person: CurrentPerson) -> list[RemovedDatasetOut]:
    """List the removed datasets that this person leads, the newest removal first."""
    with services.database.read() as session:
        return [
            RemovedDatasetOut(id=one.id, name=one.name, removed_at=one.removed_at.isoformat())
            for one in removed_datasets(session)
            if one.removed_at is not None and person.may("lead", one.id)
        ]


@router.put("/{dataset_id}/name", responses=problem_responses(404, 409, 422))
@in_lane(SAVES)
def write_name(
    dataset_id: DatasetId, wanted: DatasetNameIn, request: Request, services: OpenServices
) -> DatasetNameOut:
    """Give a dataset another name."""
    with services.database.write() as session:
        before = get_dataset(session, dataset_id).name
        rename_dataset(session, dataset_id, wanted.name)
        request.state.audit_detail = {"before": before, "name": wanted.name}
        return DatasetNameOut(id=dataset_id, name=get_dataset(session, dataset_id).name)


@router.post("/{dataset_id}/remove", status_code=204, responses=problem_responses(404, 422))
@in_lane(SAVES)
def remove(dataset_id: DatasetId, typed: DatasetNameIn, request: Request, services: OpenServices) -> None:
    """Remove a dataset, whose name must be given. Its masks and history stay, and it can come back."""
    with services.database.write() as session:
        dataset = get_dataset(session, dataset_id)
        if typed.name.strip() != dataset.name:
            raise HttpError(422, f"the dataset is called {dataset.name!r}", remedy="Type its name as it is")
        request.state.audit_detail = {"name": dataset.name}
        remove_dataset(session, dataset_id)


@router.post("/{dataset_id}/restore", responses=problem_responses(404, 409, 422))
@in_lane(SAVES)
def restore(dataset_id: DatasetId, services: OpenServices) -> DatasetNameOut:
    """Bring a removed dataset back."""
    with services.database.write() as session:
        dataset = restore_dataset(session, dataset_id)
        return DatasetNameOut(id=dataset.id, name=dataset.name)
