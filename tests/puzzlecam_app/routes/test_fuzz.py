"""Whatever a request contains, a route answers with a status that the API description lists, and never fails.

Requests are drawn from the OpenAPI description, valid and invalid ones, and are the same each time. Most ids
are replaced by small ones, which exist; otherwise nearly every request would end with "not found".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.generation.case import Case

from puzzlecam_app.app import create_api
from puzzlecam_app.routes import api_router
from puzzlecam_app.routes.mask_bodies import FRAMED
from tests.puzzlecam_app.conftest import add_colours, open_services

REQUESTS = 12  # of each mode
BUSY = {503, 507}
URL = "http://127.0.0.1:7860"


def _operations() -> list[tuple[str, str]]:
    app = FastAPI()
    app.include_router(api_router())
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Any]]:
    folder = tmp_path_factory.mktemp("fuzz")
    services = open_services(folder)
    add_colours(services, folder / "pictures")
    schemathesis.openapi.media_type(FRAMED, st.binary(max_size=200))
    app = create_api(services)
    with TestClient(app, base_url=URL, raise_server_exceptions=False) as client:
        yield client, schemathesis.openapi.from_dict(app.openapi())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), _operations())
def test_no_request_makes_a_route_fail(
    api: tuple[TestClient, Any], method: str, path: str, mode: GenerationMode
) -> None:
    client, schema = api
    operation = schema[path][method]
    listed = {int(status) for status in operation.definition.raw["responses"]}

    @hypothesis.settings(
        max_examples=REQUESTS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @given(case=operation.as_strategy(mode), small_id=st.integers(0, 4))
    def send(case: Case, small_id: int) -> None:
        for name in case.path_parameters or {}:
            if small_id and name.endswith("_id"):
                case.path_parameters[name] = small_id
        answer = client.request(**_arguments(case))
        request = f"{answer.request.method} {answer.request.url} {case.body!r}"
        told = f"{request}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500 or answer.status_code in listed & BUSY, told
        assert answer.status_code in listed | {404, 405}, told

    try:
        send()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # a route without parameters has no invalid requests


def _arguments(case: Case) -> dict[str, Any]:
    given = case.as_transport_kwargs(base_url=URL)
    names = ("method", "url", "params", "json", "data", "content", "headers", "cookies")
    return {name: value for name, value in given.items() if name in names}
