"""The host's log: a line an event, for people or as JSON. What parties send, tokens and keys stand nowhere in it.

An event says which arena it concerns where it concerns one, in a field of its own. A fault of ours comes with its traceback, which
may quote what it stumbled over: the log is the host's, as the database is.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

FORMATS: Final = ("text", "json")
_FIELDS: Final = ("arena", "epoch", "seconds")  # what an event may say beside its words


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """An event as fields: time, level, where it comes from, its words, what it concerns, and the traceback of a fault."""
    said: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
    }
    said |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
    if record.exc_info:
        said["traceback"] = logging.Formatter().formatException(record.exc_info)
    return said


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(fields_of(record), ensure_ascii=False)


class TextLines(logging.Formatter):
    """The same for people; a traceback stands below its event."""

    def format(self, record: logging.LogRecord) -> str:
        said = fields_of(record)
        about = "".join(f" {name}={said[name]}" for name in _FIELDS if name in said)
        below = f"\n{said['traceback']}" if "traceback" in said else ""
        return f"{said['time']} {said['level']:7} {said['event']}{about}{below}"


def begin(log_format: str) -> None:
    """From now on events go to standard error in this format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("detente").setLevel(logging.INFO)
