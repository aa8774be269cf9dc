"""Datasets get other names, are archived or removed, and come back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from db.datasets import (
    MAX_NAME_LENGTH,
    archive_dataset,
    get_dataset,
    remove_dataset,
    removed_datasets,
    rename_dataset,
    restore_dataset,
)
from puzzlecam_app.interchange.trash import KEPT_FOR
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import (
    CurrentPerson,
    DatasetId,
    HttpError,
    OpenServices,
    problem_responses,
)
from puzzlecam_app.services import Services

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
    kept_until: str = Field(description="When its masks and copied pictures are deleted: UTC, ISO 8601")


@router.get("/removed")
def read_removed(services: OpenServices, person: CurrentPerson) -> list[RemovedDatasetOut]:
    """List the removed datasets that this person leads, the newest removal first."""
    with services.database.read() as session:
        return [
            RemovedDatasetOut(
                id=one.id,
                name=one.name,
                removed_at=one.removed_at.isoformat(),
                kept_until=(one.removed_at + KEPT_FOR).isoformat(),
            )
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
    """Remove a dataset, whose name must be given. It can come back for 30 days."""
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


@router.post("/{dataset_id}/archive", responses=problem_responses(404))
@in_lane(SAVES)
def archive(dataset_id: DatasetId, services: OpenServices) -> DatasetNameOut:
    """Take a dataset off the pages on which people work; nothing in it changes."""
    return _archived(services, dataset_id, is_archived=True)


@router.post("/{dataset_id}/unarchive", responses=problem_responses(404))
@in_lane(SAVES)
def unarchive(dataset_id: DatasetId, services: OpenServices) -> DatasetNameOut:
    """Bring an archived dataset back to the pages of work."""
    return _archived(services, dataset_id, is_archived=False)


def _archived(services: Services, dataset_id: int, *, is_archived: bool) -> DatasetNameOut:
    with services.database.write() as session:
        dataset = archive_dataset(session, dataset_id, is_archived=is_archived)
        return DatasetNameOut(id=dataset.id, name=dataset.name)
