"""The format of arrays between server and browser: deflated bytes and frames.

A frame is `PZA1`, the length of a JSON header as little-endian uint32, the header padded with spaces to a
multiple of 8 bytes, then the arrays one after another, each starting at a multiple of 8.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PZA1"
_ALIGNMENT = 8
# Data that does not compress grows: zlib's stored blocks add 5 bytes per 16 kB and a small frame.
_DEFLATE_OVERHEAD = 1.001
_DEFLATE_FRAME_BYTES = 64


class WireError(ValueError):
    """The bytes are not in the expected format; the message is written for people."""


def deflate(data: bytes | memoryview) -> bytes:
    """Compress `data` in the zlib format, which is what `Content-Encoding: deflate` means (RFC 9110)."""
    return zlib.compress(data, level=1)


def largest_deflated(length: int) -> int:
    """Return the most bytes that `length` bytes can take once deflated."""
    return int(length * _DEFLATE_OVERHEAD) + _DEFLATE_FRAME_BYTES


def inflate(data: bytes, expected_length: int) -> bytes:
    """Decompress zlib data that must hold exactly `expected_length` bytes.

    Never holds more than one byte beyond `expected_length`, however far the data would expand.

    Raises:
        WireError: The data is damaged or cut short, or does not have the expected length.
    """
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data, expected_length + 1)
    except zlib.error as error:
        raise WireError("the body is not deflated data (zlib format)") from error
    if len(raw) > expected_length:
        raise WireError(f"the body holds more than the {expected_length} bytes of the mask")
    if len(raw) < expected_length or not inflater.eof:
        raise WireError(f"the body ends after {len(raw)} of {expected_length} bytes")
    if inflater.unused_data:
        raise WireError("the body has extra bytes after the deflated data")
    return raw


def frame_arrays(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Frame named arrays with a JSON header.

    Args:
        header: JSON-able facts. The key `arrays` is added: for each name `dtype`, `shape` and `offset`
            (bytes from the end of the header).
        arrays: C-ordered arrays of float16, float32, uint8, uint16 or uint32, sent little-endian.
    """
    described: dict[str, dict[str, Any]] = {}
    chunks: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        padding = -len(data) % _ALIGNMENT
        described[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": offset}
        chunks += [data, b"\0" * padding]
        offset += len(data) + padding
    text = json.dumps({**header, "arrays": described}, allow_nan=False).encode()
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % _ALIGNMENT)
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *chunks])


def read_frame(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read the header and the arrays of a frame; the inverse of `frame_arrays`.

    Raises:
        WireError: The data is not a frame, or an array is cut short.
    """
    if data[:4] != MAGIC:
        raise WireError("the data is not a frame")
    start = 8 + int.from_bytes(data[4:8], "little")
    header = json.loads(data[8:start])
    arrays = {}
    for name, facts in header.pop("arrays").items():
        dtype = np.dtype(facts["dtype"]).newbyteorder("<")
        count = int(np.prod(facts["shape"], dtype=np.int64))
        begin = start + facts["offset"]
        if begin + count * dtype.itemsize > len(data):
            raise WireError(f"the array {name} is cut short")
        arrays[name] = np.frombuffer(data, dtype, count, begin).reshape(facts["shape"])
    return header, arrays


def read_message(data: bytes, array: str, most_json: int) -> tuple[bytes, bytes]:
    """Read a frame with one uint8 array, as the browser sends it. The data is not trusted.

    Args:
        array: Name of the array.
        most_json: The most bytes that the header may have.

    Returns:
        The header as JSON without the description of the array, and the bytes of the array.

    Raises:
        WireError: The data is not such a frame.
    """
    if data[:4] != MAGIC or len(data) < 8:
        raise WireError("the body is not a frame")
    length = int.from_bytes(data[4:8], "little")
    if length > min(most_json, len(data) - 8):
        raise WireError(f"the header of the frame is cut short or longer than {most_json} bytes")
    try:
        header = json.loads(data[8 : 8 + length])
        described = header.pop("arrays")[array]
        count, offset, dtype = described["shape"][0], described["offset"], described["dtype"]
        begin = 8 + length + offset
        is_whole = dtype == "uint8" and min(offset, count) >= 0 and begin + count <= len(data)
        is_whole = is_whole and isinstance(begin + count, int)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise WireError(f"the frame does not describe an array {array}") from error
    if not is_whole:
        raise WireError(f"the array {array} is cut short or is not uint8")
    return json.dumps(header).encode(), data[begin : begin + count]
