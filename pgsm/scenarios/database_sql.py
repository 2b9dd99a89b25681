"""The statements of a host in a database that are longer than a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import LiteralString

CLOCK: LiteralString = """
    create or replace function pgsm_private.now ()
      returns timestamptz
      language plpgsql
      volatile
    as $$
    begin
        return coalesce(
            nullif(pg_catalog.current_setting('pgsm.test_clock', true), '')
                ::timestamptz,
            pg_catalog.clock_timestamp());
    end;
    $$
"""
EFFECTS: LiteralString = """
    select effect_id, name, invoke_id as invoke, state, input, status, attempt, key,
        output, error, deadline_at
    from pgsm.effects
    where instance_id = any (%(ids)s)
    order by instance_id, split_part(effect_id, '/', 1)::int,
        split_part(effect_id, '/', 2)::int
"""
TIMERS: LiteralString = """
    select event, state, delay, send_id, data, status, due_at
    from pgsm.timers
    where instance_id = any (%(ids)s)
    order by due_at, armed_at, timer_id
"""
FAMILY: LiteralString = """
    with recursive family as (
        select instance_id from pgsm.instances where instance_id = any (%(ids)s)
        union
        select i.instance_id
        from family as f
        join pgsm.instances as i on i.parent_id = f.instance_id
    )
    select instance_id from family
"""
