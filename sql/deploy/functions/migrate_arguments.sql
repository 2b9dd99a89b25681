-- Deploy pgsm:functions/migrate_arguments to pg
-- requires: types/batch_step
-- requires: functions/time_text
-- requires: tables/machines
-- requires: tables/definitions
-- requires: tables/timers
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.migrate_arguments (
    moves    pgsm_private.batch_step[],
    version  pgsm_private.machine_versions,
    rules    jsonb,
    actor    jsonb
)
  returns text[]
  language plpgsql
  stable
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_version    pgsm_private.machine_versions := migrate_arguments.version;
    v_rules      text := migrate_arguments.rules::text;
    v_actor      text := migrate_arguments.actor::text;
    v_arguments  text[];
begin
    with moving as materialized (
        select
            s.place, s.instance, s.clock, s.event as answers, (s.instance).instance_id,
            (s.instance).machine, (s.instance).version, (s.instance).states || array[''] as states
        from unnest(migrate_arguments.moves) as s
    ),

    delays as (
        select t.instance_id, t.timer_id, t.state, t.delay, t.due_at
        from moving as m
        join pgsm_private.timers as t on t.instance_id = m.instance_id
        where t.kind = 'after'
        union all
        -- over: it fired and was not taken, or never had a due time
        select distinct m.instance_id, null, r.state, r.delay, null::timestamptz
        from (
            select distinct m.machine, m.version, m.states
            from moving as m
        ) as c
        join pgsm_private.transitions as r
            on r.machine = c.machine and r.version = c.version
            and r.kind = 'after' and r.state = any (c.states)
        join moving as m
            on m.machine = c.machine and m.version = c.version and m.states = c.states
        where not exists (
            select
            from pgsm_private.timers as t
            where t.instance_id = m.instance_id and t.kind = 'after'
                and t.state = r.state and t.delay = r.delay
        )
    ),

    delay_lists as (
        select d.instance_id, jsonb_agg(jsonb_build_object(
            'timer_id', d.timer_id, 'state', d.state, 'delay', d.delay
        ) order by d.due_at, d.timer_id, d.state, d.delay)::text as list
        from delays as d
        group by d.instance_id
    ),

    -- one that has ended counts too: its invocation is not started again
    invocation_lists as (
        select e.instance_id, jsonb_agg(jsonb_build_object(
            'effect_id', e.effect_id, 'state', e.state, 'invoke_id', e.invoke_id, 'name', e.name
        ) order by e.created_at, e.effect_id)::text as list
        from moving as m
        join pgsm_private.effects as e on e.instance_id = m.instance_id
        where e.kind = 'invoke'
            and e.state = any (m.states)
            and e.status in ('pending', 'retrying', 'running', 'succeeded', 'failed')
            and not e.cancel_requested
        group by e.instance_id
    )

    select array_agg(array[
        v_version.checksum,
        null,
        array_to_string((m.instance).states, E'\n'),
        (m.instance).context::text,
        (m.instance).history::text,
        (m.instance).work::text,
        v_rules,
        coalesce(d.list, '[]'),
        coalesce(i.list, '[]'),
        m.instance_id,
        m.machine,
        v_version.version::text,
        (m.instance).parent_id,
        pgsm_private.time_text(m.clock),
        v_actor,
        (m.instance).revision::text,
        m.answers::text
    ] order by m.place)
    into v_arguments
    from moving as m
    left join delay_lists as d on d.instance_id = m.instance_id
    left join invocation_lists as i on i.instance_id = m.instance_id;
    return v_arguments;
end;
$$;

comment on function pgsm_private.migrate_arguments (
    pgsm_private.batch_step[], pgsm_private.machine_versions, jsonb, jsonb
) is $comment$
    What the engine takes to move instances to a version by rules, a list each: what
    they are, their delays and invocations, and the answers so far (event).  A delay's
    timer_id is null where its timer is over.
$comment$;

commit;
