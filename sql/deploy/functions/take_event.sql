-- Deploy pgsm:functions/take_event to pg
-- requires: functions/evaluate
-- requires: functions/write_step
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
    v_instance  pgsm_private.instances := take_event.instance;
    v_clock     timestamptz := greatest(pgsm_private.now(), v_instance.clock);
    v_result    jsonb;
begin
    v_result := pgsm_private.evaluate('step', array[
        v_instance.checksum,
        null,
        array_to_string(v_instance.states, E'\n'),
        v_instance.context::text,
        v_instance.history::text,
        take_event.event,
        take_event.data::text,
        take_event.facts::text,
        v_instance.instance_id,
        v_instance.machine,
        v_instance.version::text,
        v_instance.parent_id,
        pgsm_private.time_text(v_clock),
        take_event.actor::text,
        null
    ], v_instance.machine, v_instance.version);

    if v_result ? 'error' then
        perform pgsm_private.raise_refusal(
            v_result -> 'error', take_event.event,
            v_instance.instance_id, v_instance.machine, v_instance.version
        );
    elsif v_result ->> 'outcome' <> 'taken' then
        return pgsm_private.describe_instance(
            v_instance, v_result ->> 'outcome', v_result -> 'details'
        );
    end if;
    return pgsm_private.write_step(
        v_instance, v_result, v_clock, take_event.origin, take_event.event,
        take_event.data, take_event.event_id, take_event.actor
    );
end;
$$;

comment on function pgsm_private.take_event (
    pgsm_private.instances, text, jsonb, jsonb, text, jsonb, text
) is $comment$
    Apply one event to an instance whose row the caller has locked: load, step,
    write.  Returns the snapshot; raises the refusal when the step has failed.

    facts: {"id", "output", "error", "source"}, what the event carries beside
    its data, or null.  origin: event, timer, effect, message.
$comment$;

commit;
