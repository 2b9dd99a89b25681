-- Deploy pgsm:functions/write_moves to pg
-- requires: types/batch_step
-- requires: functions/keep_moved_timers
-- requires: functions/keep_moved_effects
-- requires: functions/write_moved_commands
-- requires: functions/notify_watchers
-- requires: functions/without_paths
-- requires: tables/machines
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_moves (
    moves    pgsm_private.batch_step[],
    version  pgsm_private.machine_versions,
    origin   text,
    actor    jsonb
)
  returns pgsm_private.batch_step[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_version     integer := (write_moves.version).version;
    v_checksum    text := (write_moves.version).checksum;
    v_written     pgsm_private.batch_step[];
    v_is_watched  boolean;
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
        from unnest(write_moves.moves) as s
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
            (c.i).version, write_moves.origin, c.event ->> 'event',
            case when c.result ? 'sensitive'
                then pgsm_private.without_paths(c.event -> 'data', c.result -> 'sensitive')
                else c.event -> 'data' end,
            case when c.result ? 'sensitive' and c.event -> 'data'
                <> pgsm_private.without_paths(c.event -> 'data', c.result -> 'sensitive')
                then '{"redacted": true}'::jsonb end,
            (c.i).clock, write_moves.actor, c.source_states, (c.i).states,
            c.result -> 'transitions', c.result -> 'changes', c.result -> 'answers',
            c.result -> 'notes', c.result -> 'emitted', '0.1'
        from changed as c
    )
    select array_agg(
        row(c.place, c.i, (c.i).clock, c.event, c.result)::pgsm_private.batch_step
        order by c.place
    ), bool_or((c.i).watched_until is not null)
    into v_written, v_is_watched
    from changed as c;

    if cardinality(v_written) is distinct from cardinality(write_moves.moves) then
        raise exception 'instance "%" was changed by a call of its own step',
            ((write_moves.moves)[1].instance).instance_id
            using errcode = 'SM106', hint = 'use post_event in functions that a machine calls';
    end if;
    perform pgsm_private.keep_moved_timers(v_written, (write_moves.version).time_zone);
    perform pgsm_private.keep_moved_effects(v_written);
    perform pgsm_private.write_moved_commands(v_written);
    if v_is_watched then
        perform pgsm_private.notify_watchers(s.instance)
        from unnest(v_written) as s;
    end if;
    return v_written;
end;
$$;

comment on function pgsm_private.write_moves (
    pgsm_private.batch_step[], pgsm_private.machine_versions, text, jsonb
) is $comment$
    Write what the engine made of instances of one machine that move to a version, and
    are locked: instances, log, what goes on of their timers and effects, then each
    one's commands.  Returns them as they are then.  Raises SM106 where one is not as it
    was read.

    Lock order: the instances (locked by the caller), their timers, their effects.
$comment$;

commit;
