"""Which proposals are replaced by which model."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.annotations import latest_revision
from db.items import get_item
from db.models import Revision
from puzzlecam_app.errors import UserError
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.services import Services, open_services
from puzzlecam_app.settings import Settings
from tests.puzzlecam_app.conftest import ColourClassifier
from trainer.cams.signals import map_signals
from trainer.cams.sources import CamSource, CamSources
from trainer.contract import RUN_KIND, ZERO_SHOT_KIND
from trainer.models import proposal as proposal_model
from trainer.models.proposal import ProposalModel


def colour_run() -> ProposalModel:
    return ProposalModel(CamSources([CamSource(ColourClassifier())]), kind=RUN_KIND)


@pytest.fixture
def with_run(services: Services) -> Proposals:
    """Proposals of a run in the workspace of `services`."""
    predictor = Predictor(colour_run, services.workspace.cams_dir)
    return Proposals(services.database, services.masks, predictor, services.settings.max_image_pixels)


def proposed_by(services: Services) -> str | None:
    with services.database.read() as session:
        newest = latest_revision(session, 1)
    return newest.proposed_by if newest else None


def test_a_run_replaces_a_zero_shot_proposal_but_not_the_other_way_round(
    services: Services, with_run: Proposals
) -> None:
    services.proposals.compute(1)
    assert str(proposed_by(services)).startswith(ZERO_SHOT_KIND)

    with_run.compute(1)
    of_the_run = str(proposed_by(services))
    assert of_the_run.startswith(RUN_KIND)

    services.proposals.compute(1)
    assert proposed_by(services) == of_the_run


@pytest.mark.parametrize(
    "newest",
    [
        Revision(action="accepted", proposed_by=None),
        Revision(action="drafted", proposed_by=None),
        Revision(action="proposed", proposed_by="import"),
    ],
)
def test_a_run_replaces_neither_masks_of_people_nor_imported_masks(
    with_run: Proposals, newest: Revision
) -> None:
    assert not with_run.is_due(newest, ["cat"])


def test_one_run_replaces_another(with_run: Proposals) -> None:
    assert with_run.is_due(Revision(action="proposed", proposed_by=f"{RUN_KIND}other"), ["cat"])


def test_models_are_told_apart_as_the_trainer_names_them() -> None:
    assert proposal_model.RUN_KIND == RUN_KIND
    assert proposal_model.zero_shot_model("cpu").identity.startswith(ZERO_SHOT_KIND)


@pytest.mark.parametrize(("wanted", "used"), [(None, 0.001), (0.0, 0.0), (0.01, 0.01)])
def test_the_size_of_dropped_pieces_is_a_setting_of_the_studio(
    tmp_path: Path, wanted: float | None, used: float
) -> None:
    settings = Settings(workspace=tmp_path / "workspace", open_browser=False, min_piece_share=wanted)
    with open_services(settings) as services:
        assert services.predictor.model.refinement.min_piece_share == used


def test_a_folder_that_is_not_a_run_directory_is_refused_with_its_name(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path / "workspace", model=tmp_path)
    with pytest.raises(UserError, match=r"no manifest\.json"):
        open_services(settings)


def test_only_work_done_ahead_moves_a_picture_in_the_queue(services: Services) -> None:
    def rank() -> float:
        with services.database.read() as session:
            return get_item(session, 1).doubt_rank

    cams = services.proposals.compute(1)
    assert rank() == 1.0  # somebody has opened it: the queue stays as it is
    services.proposals.compute(1, is_ahead=True)
    threshold = services.predictor.model.background_threshold
    expected = map_signals(cams.cams_khw, threshold, None).undecided
    assert rank() == pytest.approx(-expected, abs=1e-3)  # the cache of maps is float16
