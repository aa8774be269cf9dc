"""Log records as JSON lines, for programs that collect logs."""

from __future__ import annotations

import contextlib
import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from puzzlecam_app.monitoring.request_ids import current_request_id

REQUESTS: Final = "puzzlecam_app.requests"
"""Name of the logger that has a line for every request."""
_FIELDS: Final = "puzzlecam_fields"


def log_request(**fields: Any) -> None:
    """Log one answered request, with these fields beside the usual ones."""
    logging.getLogger(REQUESTS).info("request", extra={_FIELDS: fields})


@contextlib.contextmanager
def json_on(stream: TextIO) -> Iterator[None]:
    """Write requests, warnings and errors to `stream` as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, requests = logging.getLogger(), logging.getLogger(REQUESTS)
    level = requests.level
    requests.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        requests.setLevel(level)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON.

    Fields: `time` (ISO 8601, UTC), `level`, `logger`, `message`, `request_id` (null in background work), for
    requests those of `log_request`, and with an exception its `error` and `stack`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
        }
        line |= getattr(record, _FIELDS, {})
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            line["stack"] = "".join(traceback.format_exception(error))
        return json.dumps(line, ensure_ascii=False, default=str)
