"""Answers of framed arrays: the bytes, and how the API description types their JSON header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import BaseModel

from puzzlecam_app.routes.common import problem_responses
from puzzlecam_app.wire import deflate, frame_arrays


class FramedResponse(Response):
    """A frame (see docs/formats.md), for `response_class`."""

    media_type = "application/octet-stream"


def framed(
    header: BaseModel | Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    headers: Mapping[str, str] | None = None,
) -> FramedResponse:
    """Return framed arrays, deflated, that browsers do not keep.

    Args:
        header: JSON header of the frame.
        arrays: as `frame_arrays` takes them.
        headers: further HTTP headers.
    """
    return FramedResponse(
        deflate(frame_arrays(header_values(header), arrays)),
        headers={"Content-Encoding": "deflate", "Cache-Control": "no-store", **(headers or {})},
    )


def header_values(header: BaseModel | Mapping[str, Any]) -> Mapping[str, Any]:
    """The header as JSON values."""
    return header.model_dump(mode="json") if isinstance(header, BaseModel) else header


def framed_responses(header: type[BaseModel], *problems: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` argument of a route that sends frames, with the refusals it may send.

    OpenAPI cannot describe the arrays, so the schema of the answer is that of its JSON header. The types of
    the JavaScript are made from it.
    """
    answer = {"model": header, "description": "Framed arrays; the schema is that of the JSON header"}
    return {200: answer, **problem_responses(*problems)}
