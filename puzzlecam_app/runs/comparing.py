"""Runs side by side: which settings differ, and what each run reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from db.run_models import Run
from puzzlecam_app.runs.figures import classes_of, row_of, rows_of
from trainer.config import Recipe
from trainer.contract import Measured


def flat_settings(recipe: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A recipe as one table with dotted names.

    >>> flat_settings({"seed": 1, "classify": {"view": {"crop": 64}}})
    {'seed': 1, 'classify.view.crop': 64}
    """
    flat: dict[str, Any] = {}
    for name, value in recipe.items():
        if isinstance(value, Mapping):
            flat |= flat_settings(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def full_recipe(run: Run) -> Mapping[str, Any]:
    """The recipe of a run as JSON values; settings that were added since the run are at their defaults."""
    try:
        return Recipe.model_validate(run.recipe).model_dump(mode="json")
    except ValidationError:
        return run.recipe  # made by a version whose recipes this one cannot read


def differing_settings(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Settings that differ between runs: {"setting", "values"}, one value per run in the order given.

    Dataset, split and the numbers of pictures and accepted masks count as settings; descriptions of recipes
    do not.
    """
    all_flat = [
        {
            "dataset": run.dataset.name,
            "split": run.split,
            "pictures": run.supervision.get("pictures"),
            "accepted masks": run.supervision.get("accepted_masks"),
            "recipe": run.recipe.get("name"),
            **{
                name: value
                for name, value in flat_settings(full_recipe(run)).items()
                if name not in ("name", "description", "version")
            },
        }
        for run in runs
    ]
    names = dict.fromkeys(name for flat in all_flat for name in flat)
    rows = []
    for name in names:
        values = [flat.get(name) for flat in all_flat]
        if any(value != values[0] for value in values):
            rows.append({"setting": name, "values": values})
    return rows


def compared_metrics(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Figures by output: {"name", "title", "split", "runs": [{"honest", "oracle", "pictures"} or None]}.

    Figures are mean IoU in [0, 1], None where nothing was measured. Figures of different splits are in
    different rows, because they cannot be compared.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for position, run in enumerate(runs):
        for row in rows_of(run):
            key = (row["name"], row["split"])
            entry = rows.setdefault(
                key,
                {
                    "name": row["name"],
                    "title": row["title"],
                    "split": row["split"],
                    "runs": [None] * len(runs),
                },
            )
            entry["runs"][position] = {
                "honest": row["honest"]["miou"],
                "oracle": oracle["miou"] if (oracle := row.get("oracle")) else None,
                "pictures": row["pictures"],
            }
    return list(rows.values())


def compared_classes(runs: Sequence[Run], output: Measured = Measured.PSEUDO) -> list[dict[str, Any]]:
    """Honest IoU of every class in one output: {"class", "values"}, per run a value in [0, 1] or None."""
    per_run: list[dict[str, float | None]] = []
    for run in runs:
        row = row_of(run, output)
        values = row["honest"]["per_class"] if row else []
        per_run.append(dict(zip(classes_of(run), values, strict=False)))
    names = dict.fromkeys(name for values in per_run for name in values)
    return [{"class": name, "values": [values.get(name) for values in per_run]} for name in names]
