"""Rows of the database as a world in memory has them, and its refusals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from .errors import Refused
from .rows import Effect, Timer

if TYPE_CHECKING:
    from typing_extensions import LiteralString

Json = Any
Row = dict[str, Any]

TIMERS: LiteralString = """
    select instance_id, timer_id, kind, event, data, due_at, armed_at, state, delay,
        send_id, sender, status, attempts, last_error
    from pgsm.timers
    where instance_id = coalesce(%(id)s, instance_id)
    order by due_at, instance_id, timer_id
"""
# An effect's id is revision/ordinal: the "order" in which it was written.
EFFECTS: LiteralString = """
    select *
    from (
        select instance_id, effect_id, machine, name, kind, input, key, policy,
            created_at, due_at, deadline_at, state, invoke_id, item, reply, status,
            attempt, output, error, cancel_requested, finished_at,
            row_number() over (
                order by created_at, split_part(effect_id, '/', 1)::bigint,
                    split_part(effect_id, '/', 2)::bigint
            ) as "order"
        from pgsm.effects
        where instance_id = coalesce(%(id)s, instance_id)
        order by "order"
    ) as e
    where true
"""


def read_timer(row: Row) -> Timer:
    """The timer of a row of TIMERS."""
    return Timer(**row, order=0)


def read_effect(row: Row) -> Effect:
    """The effect of a row of EFFECTS."""
    names = {field.name for field in dataclasses.fields(Effect)}
    return Effect(**{name: value for name, value in row.items() if name in names})


@contextmanager
def refusals() -> Iterator[None]:
    """What pgsm refuses is raised as the world in memory raises it.

    The cause of the exception is the class of `pgsm.errors`.
    """
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        if not (state.startswith("SM") or state == "42501"):
            raise
        facts = error.diag
        raise Refused(
            state,
            facts.message_primary or "",
            facts.message_detail or "",
            facts.message_hint or "",
        ) from error
