-- Deploy pgsm:functions/take_event to pg
-- requires: functions/answer_questions
-- requires: functions/write_step
-- requires: functions/keep_deferred
-- requires: functions/raise_refusal
-- requires: functions/time_text
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.take_event (
    instance  pgsm_private.instances,
    event     text,
    data      jsonb,
    facts     jsonb,
    origin    text,
    actor     jsonb,
    event_id  text
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_clock      timestamptz := greatest(pgsm_private.now(), instance.clock);
    v_arguments  text[];
    v_result     jsonb;
    v_snapshot   pgsm.snapshot;
begin
    v_arguments := array[
        instance.checksum,
        null,
        array_to_string(instance.states, E'\n'),
        instance.context::text,
        instance.history::text,
        instance.work::text,
        event,
        data::text,
        facts::text,
        origin,
        instance.instance_id,
        instance.machine,
        instance.version::text,
        instance.parent_id,
        pgsm_private.time_text(v_clock),
        actor::text,
        instance.revision::text,
        null
    ];
    v_result := pgsm_engine.call('step', v_arguments)::jsonb;
    if v_result ? 'transitions' and not v_result ? 'deferred' then
        return pgsm_private.write_step(
            instance, v_result, v_clock, origin, event, data, event_id, actor, facts
        );
    end if;

    v_result := pgsm_private.answer_questions(
        'step', v_arguments, v_result, instance.machine, instance.version
    );
    if v_result ? 'error' then
        perform pgsm_private.raise_refusal(
            v_result -> 'error', event, instance.instance_id, instance.machine, instance.version
        );
    elsif v_result ? 'outcome' then
        return pgsm_private.describe_instance(
            instance, v_result ->> 'outcome', v_result -> 'details'
        );
    end if;
    v_snapshot := pgsm_private.write_step(
        instance, v_result, v_clock, origin, event, data, event_id, actor, facts
    );
    if v_result ? 'deferred' then
        return pgsm_private.keep_deferred(
            instance.instance_id, v_snapshot, v_clock, event, data, facts, actor
        );
    end if;
    return v_snapshot;
end;
$$;

comment on function pgsm_private.take_event (
    pgsm_private.instances, text, jsonb, jsonb, text, jsonb, text
) is $comment$
    Apply one event to an instance whose row the caller has locked: load, step,
    write.  Returns the snapshot; raises the refusal when the step has failed.

    facts: {"id", "output", "error", "source"}, what the event carries beside
    its data, or null.  origin: event, post, timer, effect, message.
$comment$;

commit;
