"""The form that starts a run, derived from the schema of recipes, and the check of its answers."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from puzzlecam_app.bounds import bounds_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.comparing import flat_settings
from trainer.config import Recipe
from trainer.recipes import load_recipe, recipe_names
from trainer.settings import Settings

COMMON: Final = (
    "use_accepted",
    "accepted_pixel_weight",
    "classify.method",
    "classify.epochs",
    "classify.batch_size",
    "classify.optimizer.learning_rate",
    "classify.loss.reconstruction",
    "classify.loss.alpha",
    "affinity.enabled",
    "affinity.method",
    "affinity.displacement",
    "pixels.enabled",
    "refine.background_threshold",
    "refine.use_crf",
    "segment.enabled",
    "segment.method",
    "segment.epochs",
    "rounds",
    "seed",
)
"""The most important settings, in the order of the form; those that recipes do not have are left out."""

_NOT_ASKED: Final = (
    "version",
    "name",
    "description",
    "backbone.weights",
    "cams.clip_weights",
    "saliency.folder",
)
"""Fields that the form does not show: names, versions, and paths on this machine, which no page may set."""

FieldKind = Literal["integer", "number", "boolean", "choice", "text", "numbers"]


class FormError(UserError):
    """Answers that cannot be used; `fields` says for each what is wrong."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        first = next(iter(fields))
        super().__init__(fields[first], where=first, remedy="Correct the marked fields")
        self.fields = dict(fields)


@dataclass(frozen=True)
class FormField:
    """One setting.

    Attributes:
        name: dotted, as in `--set`.
        kind: "numbers" is a list separated by commas; an empty "text" means no value.
        description: that of the field in `trainer.config`.
        minimum, maximum: bounds; an exclusive bound is not allowed itself.
        choices: values of a "choice".
        is_optional: whether it may have no value.
        is_common: whether it is shown at first, not only among all settings.
    """

    name: str
    kind: FieldKind
    description: str
    minimum: float | None = None
    maximum: float | None = None
    is_minimum_exclusive: bool = False
    is_maximum_exclusive: bool = False
    choices: tuple[str, ...] = ()
    is_optional: bool = False
    is_common: bool = False


def form_fields() -> list[FormField]:
    """All settings of a recipe, the common ones first."""
    fields = {field.name: field for field in _walk(Recipe, "")}
    common = [fields.pop(name) for name in COMMON if name in fields]
    return [*common, *fields.values()]


def recipe_choices() -> list[dict[str, Any]]:
    """The shipped recipes with all their values: {"name", "description", "values": {dotted: value}}."""
    choices = []
    for name in recipe_names():
        recipe = load_recipe(name)
        values = flat_settings(recipe.model_dump(mode="json"))
        choices.append({"name": name, "description": recipe.description, "values": values})
    return choices


def recipe_from_answers(base: Mapping[str, Any] | str, answers: Mapping[str, Any]) -> Recipe:
    """A recipe with some values replaced by answers.

    Args:
        base: name of a shipped recipe, or the recipe of a run as JSON values.
        answers: JSON values by dotted name.

    Raises:
        FormError: a value cannot be used, or a setting does not exist.
        TrainerUsageError: there is no such recipe.
    """
    values = load_recipe(base).model_dump(mode="json") if isinstance(base, str) else _copied(base)
    known = {field.name for field in form_fields()}
    unknown = {name: "there is no such setting" for name in answers if name not in known}
    if unknown:
        raise FormError(unknown)
    for name, value in answers.items():
        table = values
        *path, last = name.split(".")
        for step in path:
            table = table.setdefault(step, {})
        table[last] = value
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise FormError(_by_field(error, known)) from error


def _by_field(error: ValidationError, known: set[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for problem in error.errors(include_url=False):
        steps = [str(step) for step in problem["loc"]]
        message = problem["msg"].removeprefix("Value error, ")
        # The deepest step that is a field: lists and unions add steps to the location.
        while steps and ".".join(steps) not in known and not _is_group(".".join(steps), known):
            steps.pop()
        name = ".".join(steps) or "recipe"
        fields[_first_field(name, known)] = message[:1].lower() + message[1:]
    return fields


def _is_group(name: str, known: set[str]) -> bool:
    return any(field.startswith(f"{name}.") for field in known)


def _first_field(name: str, known: set[str]) -> str:
    """The field at which an error is shown; an error of a whole group is shown at one of its fields."""
    if name in known or not _is_group(name, known):
        return name
    members = sorted(field for field in known if field.startswith(f"{name}."))
    preferred = [field for field in members if field.rpartition(".")[2] in ("batch_size", "min_side")]
    return (preferred or members)[0]


def _walk(model: type[BaseModel], prefix: str) -> Iterator[FormField]:
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, Settings):
            yield from _walk(annotation, f"{prefix}{name}.")
        elif prefix + name not in _NOT_ASKED:
            yield _field(prefix + name, field)


def _field(name: str, field: FieldInfo) -> FormField:
    annotation: Any = field.annotation
    options = get_args(annotation)
    is_union = get_origin(annotation) in (Union, types.UnionType)
    is_optional = is_union and type(None) in options
    if is_optional:
        annotation = next(option for option in options if option is not type(None))
    bounds = bounds_of(field)
    kind, choices = _kind(annotation)
    return FormField(
        name=name,
        kind=kind,
        description=field.description or "",
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        is_minimum_exclusive=bounds.is_minimum_exclusive,
        is_maximum_exclusive=bounds.is_maximum_exclusive,
        choices=choices,
        is_optional=is_optional,
        is_common=name in COMMON,
    )


def _kind(annotation: Any) -> tuple[FieldKind, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(one) for one in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "numbers", ()
    simple: dict[Any, FieldKind] = {bool: "boolean", int: "integer", float: "number"}
    return simple.get(annotation, "text"), ()


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in values.items()}
