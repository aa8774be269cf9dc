"""Reads masks from requests: of limited size, of the picture's shape, with classes of its dataset only."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from fastapi import Request
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from db.palette import BACKGROUND, VOID
from puzzlecam_app.items import ItemFacts
from puzzlecam_app.labels.masks import with_classes_replaced
from puzzlecam_app.routes.common import HttpError
from puzzlecam_app.wire import WireError, inflate, largest_deflated, read_message

FRAMED = "application/x-puzzlecam-frame"
"""Media type of a frame that holds a deflated mask and a JSON header."""

_MOST_JSON_BYTES = 2**21

Words = TypeVar("Words", bound=BaseModel)


async def read_body(request: Request, item: ItemFacts, *, is_framed: bool) -> bytes:
    """Return the body of a request about a picture's mask.

    Raises:
        HttpError: It is larger than such a body can be.
    """
    limit = largest_deflated(item.height * item.width) + (_MOST_JSON_BYTES if is_framed else 0)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HttpError(
                413, "the mask is larger than the picture", remedy="Send one byte a pixel, or deflated"
            )
    return bytes(body)


def read_framed(item: ItemFacts, body: bytes, words: type[Words]) -> tuple[Words, NDArray[np.uint8]]:
    """Read a frame with the array `mask` (deflated) and a JSON header.

    Raises:
        HttpError: The frame is damaged, the mask is not the picture's, or the header is invalid.
    """
    try:
        header, deflated = read_message(body, "mask", _MOST_JSON_BYTES)
    except WireError as error:
        raise HttpError(422, str(error), where=item.name, remedy="See docs/formats.md") from error
    try:
        said = words.model_validate_json(header)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise HttpError(422, first["msg"], where=where or item.name, remedy="Correct the request") from error
    return said, unpack_mask(item, deflated, is_deflated=True)


def unpack_mask(item: ItemFacts, body: bytes, *, is_deflated: bool) -> NDArray[np.uint8]:
    """Return the mask in a body, uint8 (H, W), with the classes that the list has now.

    Raises:
        HttpError: It has another size, or a class that the class list does not contain.
    """
    remedy = f"Send {item.width} x {item.height} class indices"
    size = item.height * item.width
    if is_deflated:
        try:
            body = inflate(body, size)
        except WireError as error:
            raise HttpError(422, str(error), where=item.name, remedy=remedy) from error
    if len(body) != size:
        raise HttpError(
            422, f"the mask has {len(body)} bytes, the picture {size} pixels", where=item.name, remedy=remedy
        )
    mask = np.frombuffer(body, np.uint8).reshape(item.height, item.width)
    is_present = np.zeros(256, np.bool_)
    is_present[mask] = True
    present = np.flatnonzero(is_present).tolist()
    check_classes(item, present)
    if any(index in item.retired_to for index in present):
        # Somebody painted with a class while it was merged or removed: its pixels become what it became.
        return with_classes_replaced(mask, item.retired_to)
    return mask


def check_classes(item: ItemFacts, indices: list[int]) -> None:
    """Raise HttpError where an index is neither background, void nor a class of the dataset."""
    unknown = set(indices) - {BACKGROUND, VOID, *item.class_names}
    if unknown:
        raise HttpError(
            422,
            f"class {min(unknown)} is not in the class list",
            where=item.name,
            remedy="Use 0 for background, 255 for void, or a class of the dataset",
        )
