-- Deploy pgsm:functions/write_round to pg
-- requires: types/batch_step
-- requires: functions/write_commands
-- requires: functions/notify_watchers
-- requires: functions/without_paths
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_round (
    steps  pgsm_private.batch_step[],
    actor  jsonb
)
  returns pgsm_private.batch_step[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_written     pgsm_private.batch_step[];
    v_is_watched  boolean;
begin
    -- as write_step does for one; a context that has not changed keeps its place
    with changed as (
        update pgsm_private.instances as i
        set revision = i.revision + 1,
            clock = s.clock,
            states = coalesce((s.result ->> 'states')::text[], i.states),
            value = coalesce(s.result -> 'value', i.value),
            tags = coalesce((s.result ->> 'tags')::text[], i.tags),
            history = coalesce(s.result -> 'history', i.history),
            work = coalesce(s.result -> 'work', i.work),
            status = coalesce(s.result ->> 'status', i.status),
            output = coalesce(s.result -> 'output', i.output),
            finished_at = case when s.result ? 'status' then s.clock end,
            tenant = coalesce(s.result #>> '{keys,tenant}', i.tenant),
            context = case when s.result ? 'context' then s.result -> 'context' else i.context end
        from unnest(write_round.steps) as s
        where i.instance_id = (s.instance).instance_id
            and i.revision = (s.instance).revision
        returning s.place, i, s.event, s.result, (s.instance).states as source_states
    ),
    logged as (
        insert into pgsm_private.event_log (
            instance_id, revision, recorded_at, machine, version, origin, event, data,
            facts, event_id, clock, actor, source_states, target_states, transitions, changes,
            answers, notes, emitted, release
        )
        select
            (c.i).instance_id, (c.i).revision, clock_timestamp(), (c.i).machine,
            (c.i).version, 'event', c.event ->> 'event',
            case when c.result ? 'sensitive'
                then pgsm_private.without_paths(c.event -> 'data', c.result -> 'sensitive')
                else c.event -> 'data' end,
            case
                when c.result ? 'sensitive' then
                    case when c.event ? 'event_id' or c.event -> 'data'
                        <> pgsm_private.without_paths(c.event -> 'data', c.result -> 'sensitive')
                    then '{"redacted": true}'::jsonb end
                when c.event ? 'event_id'
                then jsonb_build_object('id', c.event -> 'event_id')
            end,
            c.event ->> 'event_id', (c.i).clock, write_round.actor, c.source_states,
            (c.i).states, c.result -> 'transitions', c.result -> 'changes',
            c.result -> 'answers', c.result -> 'notes', c.result -> 'emitted', '0.1'
        from changed as c
    )
    select array_agg(
        row(c.place, c.i, (c.i).clock, c.event, c.result)::pgsm_private.batch_step
        order by c.place
    ), bool_or((c.i).watched_until is not null)
    into v_written, v_is_watched
    from changed as c;

    perform pgsm_private.write_commands(s.instance, s.result)
    from unnest(v_written) as s
    where s.result ? 'commands';
    if v_is_watched then
        perform pgsm_private.notify_watchers(s.instance)
        from unnest(v_written) as s;
    end if;
    return v_written;
end;
$$;

comment on function pgsm_private.write_round (pgsm_private.batch_step[], jsonb) is $comment$
    Write steps of different instances, which are locked and stand as they were when
    the steps were computed: instances, log, then each one's commands.  Returns
    them with the instances as they are then.  No step of it starts a child (that
    would run user SQL).
$comment$;

commit;
