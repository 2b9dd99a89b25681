"""The runner's log: one line for one event, whatever a message holds."""

from __future__ import annotations

import json
import logging

import pytest

from pgsm.runner import log


def _record(event: str, exc_info: BaseException | None = None) -> logging.LogRecord:
    info = (type(exc_info), exc_info, None) if exc_info else None
    record = logging.LogRecord("pgsm", logging.WARNING, "", 0, event, (), info)
    record.created = 1893499200.25
    record.fields = {"effect": "3/1", "message": 'two\nlines, "quoted"', "none": None}
    return record


def test_text_has_one_line_and_quotes_what_needs_it() -> None:
    assert log.TextFormatter().format(_record("effect_failed")) == (
        "2030-01-01T12:00:00.250Z warning effect_failed effect=3/1"
        r' message="two\nlines, \"quoted\""'
    )


def test_json_has_the_fields_beside_time_level_and_event() -> None:
    line = log.JsonFormatter().format(_record("effect_failed"))
    assert json.loads(line) == {
        "time": "2030-01-01T12:00:00.250Z",
        "level": "warning",
        "event": "effect_failed",
        "effect": "3/1",
        "message": 'two\nlines, "quoted"',
    }


@pytest.mark.parametrize("style", [log.TextFormatter, log.JsonFormatter])
def test_a_traceback_stays_in_its_line(style: type[logging.Formatter]) -> None:
    line = style().format(_record("handler_raised", ValueError("no")))
    assert "ValueError: no" in line
    assert "\n" not in line
