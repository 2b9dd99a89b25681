-- Deploy pgsm:functions/simulate_step to pg
-- requires: types/simulation
-- requires: functions/check_sendable
-- requires: functions/evaluate
-- requires: functions/raise_refusal
-- requires: functions/simulated_commands
-- requires: functions/time_text
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.simulate_step (
    instance  pgsm_private.instances,
    event     text,
    data      jsonb,
    actor     jsonb
)
  returns pgsm.simulation
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := simulate_step.instance;
    v_clock     timestamptz := greatest(pgsm_private.now(), v_instance.clock);
    v_result    jsonb;
begin
    perform pgsm_private.check_sendable(v_instance, null);
    v_result := pgsm_private.evaluate('step', array[
        v_instance.checksum,
        null,
        array_to_string(v_instance.states, E'\n'),
        v_instance.context::text,
        v_instance.history::text,
        v_instance.work::text,
        simulate_step.event,
        simulate_step.data::text,
        null,
        'event',
        v_instance.instance_id,
        v_instance.machine,
        v_instance.version::text,
        v_instance.parent_id,
        pgsm_private.time_text(v_clock),
        simulate_step.actor::text,
        v_instance.revision::text,
        null
    ], v_instance.machine, v_instance.version);
    if v_result ? 'error' then
        perform pgsm_private.raise_refusal(
            v_result -> 'error', simulate_step.event, v_instance.instance_id,
            v_instance.machine, v_instance.version
        );
    end if;
    return row(
        v_instance.instance_id, v_instance.machine, v_instance.version,
        coalesce(v_result ->> 'status', v_instance.status),
        coalesce(v_result -> 'value', v_instance.value),
        coalesce((v_result ->> 'states')::text[], v_instance.states),
        coalesce(v_result -> 'context', v_instance.context),
        coalesce((v_result ->> 'tags')::text[], v_instance.tags),
        coalesce(v_result -> 'output', v_instance.output),
        v_instance.revision + case when v_result ? 'outcome' then 0 else 1 end,
        coalesce(v_result ->> 'outcome', case when v_result ? 'deferred' then 'deferred' end, 'taken'),
        coalesce(v_result -> 'details', '{}'),
        coalesce(v_result -> 'changes', '{}'),
        pgsm_private.simulated_commands(v_result, 'timers', v_clock),
        pgsm_private.simulated_commands(v_result, 'effects', v_clock),
        pgsm_private.simulated_commands(v_result, 'messages', v_clock),
        pgsm_private.simulated_commands(v_result, 'children', v_clock),
        coalesce(v_result -> 'emitted', '[]')
    )::pgsm.simulation;
end;
$$;

comment on function pgsm_private.simulate_step (
    pgsm_private.instances, text, jsonb, jsonb
) is $comment$
    Compute the step of an event and write nothing of it.  What its calls do is
    the caller's to undo.
$comment$;

commit;
