-- Deploy pgsm:functions/upgrade_coverage to pg
-- requires: functions/find_upgrade
-- requires: functions/machine_document
-- requires: tables/timers
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_coverage (machine text, version integer)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        with live as materialized (
            select i.instance_id, i.states, i.history, i.work
            from pgsm_private.instances as i
            where i.machine = $1 and i.version = $2 and i.status in ('active', 'paused')
        ),

        items as (
            select jsonb_build_object('kind', 'configuration', 'states', i.states,
                'count', count(*)) as item
            from live as i
            group by i.states
            union all
            select jsonb_build_object('kind', 'history', 'states', i.states, 'path', h.path,
                'recorded', h.recorded, 'count', count(*))
            from live as i
            cross join jsonb_each(i.history) as h (path, recorded)
            group by i.states, h.path, h.recorded
            union all
            select jsonb_build_object('kind', 'timer', 'states', i.states, 'state', t.state,
                'delay', t.delay, 'count', count(*))
            from live as i
            join pgsm_private.timers as t on t.instance_id = i.instance_id
            where t.kind = 'after'
            group by i.states, t.state, t.delay
            union all
            select jsonb_build_object('kind', 'effect', 'states', i.states, 'state', e.state,
                'invoke_id', e.invoke_id, 'name', e.name, 'count', count(*))
            from live as i
            join pgsm_private.effects as e on e.instance_id = i.instance_id
            where e.kind = 'invoke' and e.status in ('pending', 'retrying', 'running')
                and not e.cancel_requested
            group by i.states, e.state, e.invoke_id, e.name
            union all
            select jsonb_build_object('kind', 'child', 'states', i.states,
                'state', c.child -> 'state', 'invoke_id', coalesce(c.child ->> 'each', c.child_id),
                'count', count(*))
            from live as i
            cross join jsonb_each(i.work -> 'children') as c (child_id, child)
            where c.child ->> 'state' is not null
            group by i.states, c.child -> 'state', coalesce(c.child ->> 'each', c.child_id)
        )

        select coalesce(jsonb_agg(r.item), '[]')
        from items as r
    );
end;
$$;

comment on function pgsm_private.upgrade_coverage (text, integer) is
    'What the running instances of a version are in and have, counted, as the engine takes it.';

commit;
