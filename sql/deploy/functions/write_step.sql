-- Deploy pgsm:functions/write_step to pg
-- requires: functions/write_commands
-- requires: functions/write_keys
-- requires: functions/describe_instance
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_step (
    instance  pgsm_private.instances,
    result    jsonb,
    clock     timestamptz,
    origin    text,
    event     text,
    data      jsonb,
    event_id  text,
    actor     jsonb
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := write_step.instance;
    v_result    jsonb := write_step.result;
    v_source    text[] := v_instance.states;
    v_before    bigint := v_instance.revision;
begin
    v_instance.revision := v_before + 1;
    v_instance.clock := write_step.clock;
    if v_result ? 'states' then
        v_instance.states := array(select jsonb_array_elements_text(v_result -> 'states'));
        v_instance.value := v_result -> 'value';
        v_instance.tags := array(select jsonb_array_elements_text(v_result -> 'tags'));
    end if;
    if v_result ? 'history' then
        v_instance.history := v_result -> 'history';
    end if;
    if v_result ? 'status' then
        v_instance.status := v_result ->> 'status';
        v_instance.output := v_result -> 'output';
        v_instance.finished_at := write_step.clock;
    end if;
    if v_result #> '{keys,tenant}' is not null then
        v_instance.tenant := v_result #>> '{keys,tenant}';
    end if;
    -- the context is not rewritten when it has not changed: it may be large
    if v_result ? 'context' then
        v_instance.context := v_result -> 'context';
        update pgsm_private.instances as i
        set revision = v_instance.revision, clock = v_instance.clock,
            states = v_instance.states, value = v_instance.value, tags = v_instance.tags,
            history = v_instance.history, status = v_instance.status,
            output = v_instance.output, finished_at = v_instance.finished_at,
            tenant = v_instance.tenant, context = v_instance.context
        where i.instance_id = v_instance.instance_id and i.revision = v_before;
    else
        update pgsm_private.instances as i
        set revision = v_instance.revision, clock = v_instance.clock,
            states = v_instance.states, value = v_instance.value, tags = v_instance.tags,
            history = v_instance.history, status = v_instance.status,
            output = v_instance.output, finished_at = v_instance.finished_at,
            tenant = v_instance.tenant
        where i.instance_id = v_instance.instance_id and i.revision = v_before;
    end if;
    if not found then
        raise exception 'instance "%" was changed by a call of its own step',
            v_instance.instance_id
            using errcode = 'SM106', hint = 'use post_event in functions that a machine calls';
    end if;

    insert into pgsm_private.event_log (
        instance_id, revision, recorded_at, machine, version, origin, event, data,
        event_id, clock, actor, source_states, target_states, transitions, changes,
        answers, notes, emitted, release
    )
    values (
        v_instance.instance_id, v_instance.revision, clock_timestamp(),
        v_instance.machine, v_instance.version, write_step.origin, write_step.event,
        write_step.data, write_step.event_id, v_instance.clock, write_step.actor,
        v_source, v_instance.states, v_result -> 'transitions', v_result -> 'changes',
        v_result -> 'answers', v_result -> 'notes', v_result -> 'emitted', '0.1'
    );

    if v_result ?| array['exited', 'cancel', 'timers', 'messages', 'effects', 'keys', 'status'] then
        perform pgsm_private.write_commands(v_instance, v_result);
    end if;
    return pgsm_private.describe_instance(
        v_instance, 'taken', coalesce(v_result -> 'details', '{}')
    );
end;
$$;

comment on function pgsm_private.write_step (
    pgsm_private.instances, jsonb, timestamptz, text, text, jsonb, text, jsonb
) is $comment$
    Write a step: the instance at its next revision, the log row, the commands.

    Lock order: the instance (locked by the caller), its timers, its effects.
    The update is conditional on the revision that the step was computed from:
    a call that came back and changed its own instance is refused (SM106).
$comment$;

commit;
