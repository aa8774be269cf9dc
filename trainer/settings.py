"""The base of all settings: frozen models that refuse unknown keys and know which fields change results."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def machine_field(default: Any, **keywords: Any) -> Any:
    """A field that says how a machine does the work: it does not change results, so no stage runs again."""
    return Field(default=default, json_schema_extra={"changes_results": False}, **keywords)


class Settings(BaseModel):
    """Base of all settings: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def result_settings(self) -> dict[str, Any]:
        """The settings that change results, as JSON values, nested models included."""
        kept: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get("changes_results") is False:
                continue
            value = getattr(self, name)
            dumped = self.model_dump(mode="json", include={name})[name]
            kept[name] = value.result_settings() if isinstance(value, Settings) else dumped
        return kept

    @property
    def fingerprint(self) -> str:
        """Short hash of `result_settings`."""
        text = json.dumps(self.result_settings(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
