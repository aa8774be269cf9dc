"""Recipes: TOML files that fill `trainer.config.Recipe`, shipped or written by users, with overrides."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainer.assets import asset_path
from trainer.config import RECIPE_VERSION, Recipe
from trainer.errors import TrainerUsageError

_FOLDER = "recipes"
_ALWAYS_THERE = "tiny"


def recipe_names() -> tuple[str, ...]:
    """Names of the shipped recipes, sorted."""
    folder = asset_path(f"{_FOLDER}/{_ALWAYS_THERE}.toml").parent
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def recipe_path(name_or_path: str | Path) -> Path:
    """File of a shipped recipe, or the given `.toml` file.

    Raises:
        TrainerUsageError: there is neither a shipped recipe nor a file of that name.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise TrainerUsageError(
                f"Recipe file {path} does not exist; name a .toml file or a shipped recipe."
            )
        return path
    names = recipe_names()
    if str(name_or_path) not in names:
        raise TrainerUsageError(
            f"Recipe {str(name_or_path)!r} is not known; "
            f"choose one of {', '.join(names)}, or name a .toml file."
        )
    return asset_path(f"{_FOLDER}/{name_or_path}.toml")


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply overrides.

    Args:
        name_or_path: a shipped recipe's name, or a path that ends in `.toml`.
        overrides: "classify.epochs=3"; the value is read as TOML, and as plain text where that fails.

    Raises:
        TrainerUsageError: unknown recipe or key, a value out of range, or a recipe of another version.
    """
    path = recipe_path(name_or_path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainerUsageError(f"Recipe {path} is not valid TOML: {error}.") from error
    for override in overrides:
        _apply(values, override)
    return recipe_from(values, where=f"Recipe {path.name}")


def recipe_from(values: Mapping[str, Any], *, where: str) -> Recipe:
    """Turn values, e.g. those of a stored manifest, into a recipe.

    Args:
        values: settings by name, nested by stage.
        where: where they come from; errors start with it.

    Raises:
        TrainerUsageError: an unknown key, a value out of range, or a recipe of another version.
    """
    version = values.get("version")
    if version != RECIPE_VERSION:
        stated = "has no version" if version is None else f"has version {version}"
        raise TrainerUsageError(
            f"{where} {stated}, but this program reads version {RECIPE_VERSION}; compare it with a shipped "
            f"recipe (`recipes show {_ALWAYS_THERE}`), adapt its keys and set version = {RECIPE_VERSION}."
        )
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise TrainerUsageError(f"{where} cannot be used: {_sentence(error)}") from error


def recipe_toml(recipe: Recipe) -> str:
    """A recipe as TOML that `load_recipe` reads back; it states every setting, so defaults may change."""
    values = recipe.model_dump(mode="json", exclude_none=True)
    return "\n".join(_toml_table((), values)) + "\n"


def _toml_table(path: tuple[str, ...], values: Mapping[str, Any]) -> list[str]:
    lines = [f"\n[{'.'.join(path)}]"] if path else []
    # JSON and TOML write strings, numbers, lists and truth values in the same way.
    lines += [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if not isinstance(value, dict)
    ]
    for name, value in values.items():
        if isinstance(value, dict):
            lines += _toml_table((*path, name), value)
    return lines


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names):
        raise TrainerUsageError(
            f"Override {override!r} must have the form stage.key=value, e.g. classify.epochs=3."
        )
    table = values
    for name in names[:-1]:
        inner = table.setdefault(name, {})
        if not isinstance(inner, dict):
            raise TrainerUsageError(
                f"Override {override!r} has too many parts: {name!r} is a single value; set that."
            )
        table = inner
    table[names[-1]] = _toml_value(text.strip())


def _toml_value(text: str) -> Any:
    if text in ("none", "null"):
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _sentence(error: ValidationError) -> str:
    """All problems in one sentence: where and what, and the known keys if one is unknown."""
    parts = []
    for problem in error.errors():
        where = ".".join(str(step) for step in problem["loc"]) or "recipe"
        if problem["type"] == "extra_forbidden":
            known = ", ".join(_known_keys(problem["loc"][:-1]))
            parts.append(f"{where} is not a setting (known: {known})")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            parts.append(f"{where}: {message[:1].lower()}{message[1:]}")
    return "; ".join(parts) + "."


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Recipe
    for step in location:
        model = model.model_fields[str(step)].annotation
    return list(model.model_fields)
