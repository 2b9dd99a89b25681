-- Deploy pgsm:functions/write_moved_instances to pg
-- requires: types/batch_step
-- requires: functions/without_paths
-- requires: tables/machines
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_moved_instances (
    moves    pgsm_private.batch_step[],
    version  pgsm_private.machine_versions,
    origin   text,
    actor    jsonb
)
  returns pgsm_private.batch_step[]
  language plpgsql
  -- the planner takes a list for ten, else it plans anew for each
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_version   integer := (write_moved_instances.version).version;
    v_checksum  text := (write_moved_instances.version).checksum;
    v_written   pgsm_private.batch_step[];
begin
    with changed as (
        update pgsm_private.instances as i
        set version = v_version,
            checksum = v_checksum,
            revision = i.revision + 1,
            clock = s.clock,
            states = (s.result ->> 'states')::text[],
            value = s.result -> 'value',
            tags = (s.result ->> 'tags')::text[],
            history = s.result -> 'history',
            work = s.result -> 'work',
            status = coalesce(s.result ->> 'status', i.status),
            output = coalesce(s.result -> 'output', i.output),
            finished_at = case when s.result ? 'status' then s.clock end,
            tenant = coalesce(s.result #>> '{keys,tenant}', i.tenant),
            context = case when s.result ? 'context' then s.result -> 'context' else i.context end
        from unnest(write_moved_instances.moves) as s
        where i.instance_id = (s.instance).instance_id
            and i.revision = (s.instance).revision
        returning s.place, i, s.event, s.result, (s.instance).states as source_states
    ),
    logged as (
        insert into pgsm_private.event_log (
            instance_id, revision, recorded_at, machine, version, origin, event, data,
            facts, clock, actor, source_states, target_states, transitions, changes,
            answers, notes, emitted, release
        )
        select
            (c.i).instance_id, (c.i).revision, clock_timestamp(), (c.i).machine,
            (c.i).version, write_moved_instances.origin, c.event ->> 'event',
            case when c.result ? 'sensitive'
                then pgsm_private.without_paths(c.event -> 'data', c.result -> 'sensitive')
                else c.event -> 'data' end,
            case when c.result ? 'sensitive' and c.event -> 'data'
                <> pgsm_private.without_paths(c.event -> 'data', c.result -> 'sensitive')
                then '{"redacted": true}'::jsonb end,
            (c.i).clock, write_moved_instances.actor, c.source_states, (c.i).states,
            c.result -> 'transitions', c.result -> 'changes', c.result -> 'answers',
            c.result -> 'notes', c.result -> 'emitted', '0.1'
        from changed as c
    )
    select array_agg(
        row(c.place, c.i, (c.i).clock, c.event, c.result)::pgsm_private.batch_step
        order by c.place
    )
    into v_written
    from changed as c;
    return v_written;
end;
$$;

comment on function pgsm_private.write_moved_instances (
    pgsm_private.batch_step[], pgsm_private.machine_versions, text, jsonb
) is $comment$
    Write the instances and the log of moves to a version.  Returns those that stand as
    they were read, as they are then.
$comment$;

commit;
