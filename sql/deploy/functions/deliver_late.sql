-- Deploy pgsm:functions/deliver_late to pg
-- requires: functions/deliver_effect_event
-- requires: functions/effect_event
-- requires: functions/is_fatal
-- requires: functions/queue_effect_event

begin;
set local role pgsm_owner;

create or replace function pgsm_private.deliver_late (
    instance  pgsm_private.instances,
    effect    pgsm_private.effects,
    result    jsonb
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect   pgsm_private.effects := deliver_late.effect;
    v_event    jsonb;
    v_outcome  text;
    v_message  text;
begin
    if v_effect.kind <> 'invoke' or v_effect.policy ->> 'late' is distinct from 'deliver' then
        return v_effect.status;
    end if;
    v_event := pgsm_private.effect_event(
        v_effect, 'late.' || v_effect.invoke_id, deliver_late.result);
    begin
        v_outcome := pgsm_private.deliver_effect_event(deliver_late.instance, v_effect, v_event);
    exception
        when query_canceled or internal_error then
            perform pgsm_private.queue_effect_event(deliver_late.instance, v_effect, v_event);
            v_outcome := 'held';
        when others then
            if pgsm_private.is_fatal(sqlstate) then
                raise;
            end if;
            get stacked diagnostics v_message = message_text;
            update pgsm_private.effects as e
            set status = 'late',
                error = coalesce(e.error, '{}') || jsonb_build_object(
                    'refused', jsonb_build_object('message', v_message, 'code', sqlstate))
            where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id;
            return 'late';
    end;
    -- taken, or waiting for a paused instance: it has been said; else it stays late
    update pgsm_private.effects as e
    set status = case
            when v_outcome in ('taken', 'held', 'deferred')
                then case when deliver_late.result ? 'output' then 'succeeded' else 'cancelled' end
            else 'late'
        end
    where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id
    returning e.status into v_outcome;
    return v_outcome;
end;
$$;

comment on function pgsm_private.deliver_late (
    pgsm_private.instances, pgsm_private.effects, jsonb
) is $comment$
    Deliver late.<id> for an answer that came after its state was left, where
    the policy says "late": "deliver"; result is {"output"} or {"error"}.

    Returns succeeded (cancelled for an error) where a transition took it; late
    where none did: the row stays, visible, until it is resolved.
$comment$;

commit;
