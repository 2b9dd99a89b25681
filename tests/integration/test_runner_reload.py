"""`--reload`: a changed file of the handlers begins the runner anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from . import outbox, runners

NEW = """
from pgsm import effects

@effects.handler("test.work")
async def work(effect, input):
    return {"attempt": effect.attempt, "new": True}
"""
Connect = Callable[..., psycopg.Connection]


def test_a_changed_file_is_taken_up_and_a_broken_one_waited_for(
    fresh_dsn: str, connect: Connect, tmp_path: Path
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    with runners.process(fresh_dsn, tmp_path, "--reload") as runner:
        outbox.start(connection, "job-1", task={"first": 60})
        runners.until(runner.notes)
        module = tmp_path / "app_effects.py"
        module.write_text("def f(:")
        runners.until(lambda: "SyntaxError" in runner.text())
        assert outbox.effect(connection, "job-1")["attempt"] == 0
        module.write_text(NEW)
        runners.until(
            lambda: outbox.instance(connection, "job-1")["value"] != "working"
        )
    assert outbox.instance(connection, "job-1")["context"]["result"] == {
        "attempt": 1,
        "new": True,
    }
