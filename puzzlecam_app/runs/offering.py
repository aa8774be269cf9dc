"""The Runs page offers another run when enough masks were accepted or corrected since the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from db.datasets import list_datasets
from db.done import count_done
from db.run_models import Run
from db.run_status import ACTIVE
from db.runs import list_runs
from puzzlecam_app.runs.figures import pseudo_mask_miou
from puzzlecam_app.runs.snapshot import ALL, uses_accepted

_TEACHES = ("queued", *ACTIVE, "done")
"""Failed and stopped runs are left out: nothing was learned from their masks."""


def run_offers(session: Session, enough: int) -> list[dict[str, Any]]:
    """Datasets for which another run is worthwhile, the one with the most new masks first.

    Args:
        session: of the database.
        enough: masks accepted or corrected since the newest run that learns from them; 0 offers nothing.

    Returns:
        {"dataset_id", "dataset", "new", "accepted", "pictures", "split", "since", "expects"}. `new` masks
        came after the run `since` ({"id", "name"}; None if there was none). `accepted` of the `pictures`
        tagged pictures would count as truth. `expects` is a sentence about what earlier runs reached.
    """
    if enough < 1:
        return []
    offers = []
    for dataset in list_datasets(session):
        runs = [
            run
            for run in list_runs(session, dataset_id=dataset.id)
            if run.status in _TEACHES and uses_accepted(run.recipe)
        ]
        newest = max(runs, key=lambda run: run.id, default=None)
        new = count_done(session, dataset.id, after=newest.created_at if newest else None).done
        if new < enough:
            continue
        counts = count_done(session, dataset.id)
        offers.append(
            {
                "dataset_id": dataset.id,
                "dataset": dataset.name,
                "new": new,
                "accepted": counts.done,
                "pictures": counts.tagged,
                "split": newest.split if newest else ALL,
                "since": {"id": newest.id, "name": newest.name} if newest else None,
                "expects": expectation([_outcome(run) for run in runs]),
            }
        )
    return sorted(offers, key=lambda offer: -int(offer["new"]))


def expectation(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """What can be expected from the next run, in one sentence.

    Args:
        outcomes: runs on the dataset: "id", "split", "accepted", and "miou" of the pseudo-masks in [0, 1]
            or None.

    >>> expectation([])
    'The gain is unknown: no earlier run on this dataset was measured.'
    """
    measured = sorted(
        (one for one in outcomes if one["miou"] is not None), key=lambda one: (one["accepted"], one["id"])
    )
    if not measured:
        return "The gain is unknown: no earlier run on this dataset was measured."
    told = [
        f"run {one['id']} with {one['accepted']} accepted "
        f"{'mask' if one['accepted'] == 1 else 'masks'} reached {100 * one['miou']:.1f} % mIoU"
        for one in (measured[:1] if len(measured) == 1 else (measured[0], measured[-1]))
    ]
    sentence = f"So far, {', '.join(told)}, on the pictures without an accepted mask."
    splits = {one["split"] for one in measured}
    return sentence + (" Their splits differ, so the figures cannot be compared." if len(splits) > 1 else "")


def _outcome(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "split": run.split,
        "accepted": run.supervision.get("accepted_masks", 0),
        "miou": pseudo_mask_miou(run),
    }
