"""Types of what travels between the routes and the pages, made from the OpenAPI description.

`python -m tests.api_types` writes them to assets/shared/openapi.d.ts; a test holds that they are up to date.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from puzzlecam_app.routes import api_router
from puzzlecam_app.routes.masks import StepsIn
from puzzlecam_app.smart.steps import RefineIn
from tests.helpers_node import ROOT, run_tool

API_TYPES = ROOT / "assets" / "shared" / "openapi.d.ts"
_HEAD = """\
/**
 * What travels between the routes and the pages, made from the OpenAPI description.
 * Do not edit: `python -m tests.api_types` writes this file.
 */
"""


def api_types() -> str:
    """Return the text that `API_TYPES` should have: one exported type for each schema."""
    app = FastAPI()
    app.include_router(api_router())
    description = _without_titles(app.openapi()) | {"paths": {}}  # pages name answers and bodies, not routes
    description["components"]["schemas"] |= _headers_of_framed_requests()
    with tempfile.TemporaryDirectory() as folder:
        schema, types = Path(folder) / "openapi.json", Path(folder) / "openapi.d.ts"
        schema.write_text(json.dumps(description), encoding="utf-8")
        options = ("--root-types", "--root-types-no-schema-prefix", "--root-types-keep-casing")
        _checked("openapi-typescript/bin/cli.js", schema, "--output", types, *options)
        text = types.read_text(encoding="utf-8")
    text = _HEAD + re.sub(r"\A/\*\*.*?\*/\n", "", text, flags=re.DOTALL)
    return _checked("prettier/bin/prettier.cjs", "--stdin-filepath", API_TYPES, stdin=text)


def _headers_of_framed_requests() -> dict[str, Any]:
    """Their schemas; in the description such a request is bytes."""
    models = [(RefineIn, "validation"), (StepsIn, "validation")]
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")
    return _without_titles(schema["$defs"])


def _without_titles(schema: Any) -> Any:
    """Leave out the titles that pydantic makes up from names."""
    if isinstance(schema, dict):
        return {
            name: _without_titles(value)
            for name, value in schema.items()
            if name != "title" or not isinstance(value, str)
        }
    return [_without_titles(value) for value in schema] if isinstance(schema, list) else schema


def _checked(script: str, *arguments: str | Path, stdin: str = "") -> str:
    answer = run_tool(script, *arguments, stdin=stdin)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


if __name__ == "__main__":
    API_TYPES.write_text(api_types(), encoding="utf-8")
    print(f"{API_TYPES.relative_to(ROOT)} is written.")
