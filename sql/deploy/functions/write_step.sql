-- Deploy pgsm:functions/write_step to pg
-- requires: functions/write_commands
-- requires: functions/write_keys
-- requires: functions/notify_watchers
-- requires: functions/describe_instance
-- requires: functions/without_paths
-- requires: tables/event_log

begin;
set local role pgsm_owner;

-- The hot path: few expressions, since plpgsql prepares each anew in every
-- transaction (about 1 µs each), and one statement a table.

create or replace function pgsm_private.write_step (
    instance  pgsm_private.instances,
    result    jsonb,
    clock     timestamptz,
    origin    text,
    event     text,
    data      jsonb,
    event_id  text,
    actor     jsonb,
    facts     jsonb
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_new  pgsm_private.instances;
begin
    -- the context is not rewritten when it has not changed: it may be large
    if result ? 'context' then
        update pgsm_private.instances as i
        set revision = i.revision + 1,
            clock = write_step.clock,
            states = coalesce((result ->> 'states')::text[], i.states),
            value = coalesce(result -> 'value', i.value),
            tags = coalesce((result ->> 'tags')::text[], i.tags),
            history = coalesce(result -> 'history', i.history),
            work = coalesce(result -> 'work', i.work),
            status = coalesce(result ->> 'status', i.status),
            output = coalesce(result -> 'output', i.output),
            finished_at = case when result ? 'status' then write_step.clock end,
            tenant = coalesce(result #>> '{keys,tenant}', i.tenant),
            context = result -> 'context'
        where i.instance_id = write_step.instance.instance_id
            and i.revision = write_step.instance.revision
        returning i.* into v_new;
    else
        update pgsm_private.instances as i
        set revision = i.revision + 1,
            clock = write_step.clock,
            states = coalesce((result ->> 'states')::text[], i.states),
            value = coalesce(result -> 'value', i.value),
            tags = coalesce((result ->> 'tags')::text[], i.tags),
            history = coalesce(result -> 'history', i.history),
            work = coalesce(result -> 'work', i.work),
            status = coalesce(result ->> 'status', i.status),
            output = coalesce(result -> 'output', i.output),
            finished_at = case when result ? 'status' then write_step.clock end,
            tenant = coalesce(result #>> '{keys,tenant}', i.tenant)
        where i.instance_id = write_step.instance.instance_id
            and i.revision = write_step.instance.revision
        returning i.* into v_new;
    end if;
    if v_new.instance_id is null then
        raise exception 'instance "%" was changed by a call of its own step',
            write_step.instance.instance_id
            using errcode = 'SM106', hint = 'use post_event in functions that a machine calls';
    end if;

    insert into pgsm_private.event_log (
        instance_id, revision, recorded_at, machine, version, origin, event, data,
        facts, event_id, clock, actor, source_states, target_states, transitions, changes,
        answers, notes, emitted, release
    )
    values (
        v_new.instance_id, v_new.revision, clock_timestamp(), v_new.machine,
        v_new.version, write_step.origin, write_step.event,
        case when result ? 'sensitive'
            then pgsm_private.without_paths(write_step.data, result -> 'sensitive')
            else write_step.data end,
        case
            when not result ? 'sensitive' then write_step.facts
            when write_step.facts is not null or write_step.data
                <> pgsm_private.without_paths(write_step.data, result -> 'sensitive')
            then '{"redacted": true}'
        end,
        write_step.event_id, v_new.clock, write_step.actor,
        write_step.instance.states, v_new.states, result -> 'transitions',
        result -> 'changes', result -> 'answers', result -> 'notes',
        result -> 'emitted', '0.1'
    );

    if result ? 'commands' or v_new.watched_until is not null then
        if result ? 'commands' then
            perform pgsm_private.write_commands(v_new, result);
        end if;
        if v_new.watched_until is not null then
            perform pgsm_private.notify_watchers(v_new);
        end if;
    end if;
    return row(
        v_new.instance_id, v_new.machine, v_new.version, v_new.status, v_new.value,
        v_new.states, v_new.context, v_new.tags, v_new.output, v_new.revision,
        case when result ? 'deferred' then 'deferred' else 'taken' end, '{}'::jsonb
    )::pgsm.snapshot;
end;
$$;

comment on function pgsm_private.write_step (
    pgsm_private.instances, jsonb, timestamptz, text, text, jsonb, text, jsonb, jsonb
) is $comment$
    Write a step: the instance at its next revision, the log row, the commands.

    Lock order: the instance (locked by the caller), its timers, its effects.
    The update is conditional on the revision that the step was computed from:
    a call that came back and changed its own instance is refused (SM106).
$comment$;

commit;
