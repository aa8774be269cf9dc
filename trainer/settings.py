"""The base of all settings: frozen, without unknown keys, and with fields that say what changes results.

Whether a finished stage is up to date is told by a hash of its settings (`trainer.stage_graph`). There are
three kinds of fields:

- A plain field is always part of the hash.
- A `machine_field` is never part of it: it says how a machine does the work and does not change results.
- A `later_field` is part of it unless it has its default. New fields that change results must be of this
  kind, so that they do not make finished runs stale. A test holds this.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

_MACHINE = "changes_results"
_LATER = "added_later"


def machine_field(default: Any, **keywords: Any) -> Any:
    """A field that does not change results; `keywords` are those of `pydantic.Field`."""
    return Field(default=default, json_schema_extra={_MACHINE: False}, **keywords)


def later_field(default: Any, **keywords: Any) -> Any:
    """A field that was added after runs had finished without it; `keywords` are those of `pydantic.Field`.

    Args:
        default: the value with which finished outputs count as up to date: it does what the stage did before
            the field existed, or differs so little that finished runs need not be repeated. It must never
            change afterwards: outputs made with it carry a hash without the field.
    """
    return Field(default=default, json_schema_extra={_LATER: True}, **keywords)


class Settings(BaseModel):
    """Base of all settings: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def result_settings(self) -> dict[str, Any]:
        """The settings that change results, as JSON values, nested models included."""
        kept: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if not is_machine_field(field) and not (is_later_field(field) and value == field.default):
                dumped = self.model_dump(mode="json", include={name})[name]
                kept[name] = value.result_settings() if isinstance(value, Settings) else dumped
        return kept

    @property
    def fingerprint(self) -> str:
        """Short hash of `result_settings`."""
        text = json.dumps(self.result_settings(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_machine_field(field: FieldInfo) -> bool:
    """Whether a field was made with `machine_field`."""
    return isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get(_MACHINE) is False


def is_later_field(field: FieldInfo) -> bool:
    """Whether a field was made with `later_field`."""
    return isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get(_LATER) is True
