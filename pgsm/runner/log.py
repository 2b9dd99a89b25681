"""One line of log for each thing that happens, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Any

logger = logging.getLogger("pgsm.runner")


def info(event: str, **fields: Any) -> None:
    """Log an event that is as it should be."""
    logger.info(event, extra={"fields": fields})


def warning(event: str, **fields: Any) -> None:
    """Log an event that someone may want to look at."""
    logger.warning(event, extra={"fields": fields})


def error(event: str, exc_info: BaseException | None = None, **fields: Any) -> None:
    """Log an event that someone must look at, with the traceback if one is given."""
    logger.error(event, exc_info=exc_info, extra={"fields": fields})


def configure(style: str) -> None:
    """Send the runner's log, and psycopg's, to standard error as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    for name, level in (("pgsm", logging.INFO), ("psycopg", logging.ERROR)):
        configured = logging.getLogger(name)
        configured.handlers = [handler]
        configured.setLevel(level)
        configured.propagate = False


class TextFormatter(logging.Formatter):
    """`2030-01-01T12:00:00.000Z info effect_succeeded instance=order-42 …`."""

    def format(self, record: logging.LogRecord) -> str:
        words = [_time(record), record.levelname.lower(), record.getMessage()]
        words += [f"{key}={_word(value)}" for key, value in _fields(record).items()]
        return " ".join(words)


class JsonFormatter(logging.Formatter):
    """An object with `time`, `level`, `event` and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields(record),
        }
        return json.dumps(line, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {k: v for k, v in getattr(record, "fields", {}).items() if v is not None}
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return fields


def _time(record: logging.LogRecord) -> str:
    when = datetime.fromtimestamp(record.created, timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _word(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    # one event is one line, whatever a message holds
    plain = text and text.isprintable() and not set(text) & set(' "=')
    return text if plain else json.dumps(text)
