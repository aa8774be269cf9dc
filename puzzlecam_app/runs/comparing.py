"""Runs beside each other: what was set differently, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.models import Run


def flat_settings(recipe: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A recipe as one level of dotted names.

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


def differing_settings(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Settings that are not the same in all runs: {"setting", "values"}, a value a run in their order.

    The split, the device and what they learned from count as settings; descriptions of recipes do not.
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
                for name, value in flat_settings(run.recipe).items()
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
    """Figures by output and run: {"name", "title", "split", "runs": [{"honest", "oracle"} or None]}.

    Figures are mean IoU in [0, 1]. A split is part of what is compared: those of others mean nothing.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for position, run in enumerate(runs):
        for row in (run.metrics or {}).get("rows", []):
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
                "honest": (row.get("honest") or {}).get("miou"),
                "oracle": (row.get("oracle") or {}).get("miou"),
                "pictures": row.get("pictures"),
            }
    return list(rows.values())


def compared_classes(runs: Sequence[Run], output: str = "pseudo") -> list[dict[str, Any]]:
    """Honest IoU of every class in one output: {"class", "values"}, a value in [0, 1] or None a run."""
    per_run: list[dict[str, float | None]] = []
    for run in runs:
        metrics = run.metrics or {}
        row = next((one for one in metrics.get("rows", []) if one["name"] == output), None)
        values = row["honest"]["per_class"] if row else []
        per_run.append(dict(zip(metrics.get("classes", []), values, strict=False)))
    names = dict.fromkeys(name for values in per_run for name in values)
    return [{"class": name, "values": [values.get(name) for values in per_run]} for name in names]
