-- Deploy pgsm:functions/deliver_output to pg
-- requires: functions/deliver_effect_event
-- requires: functions/output_event
-- requires: functions/queue_effect_event
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.deliver_output (
    instance  pgsm_private.instances,
    effect    pgsm_private.effects
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect   pgsm_private.effects := deliver_output.effect;
    v_event    jsonb := pgsm_private.output_event(v_effect);
    v_message  text;
    v_detail   text;
begin
    if v_event is not null then
        perform pgsm_private.deliver_effect_event(deliver_output.instance, v_effect, v_event);
    end if;
    return 'succeeded';

exception
    when query_canceled or internal_error then
        perform pgsm_private.queue_effect_event(deliver_output.instance, v_effect, v_event);
        return 'succeeded';
    when others then
        if pgsm_private.is_fatal(sqlstate) then
            raise;
        end if;
        get stacked diagnostics v_message = message_text, v_detail = pg_exception_detail;
        -- the work is done and its result kept: a retry delivers it again
        update pgsm_private.effects as e
        set status = 'failed',
            error = jsonb_build_object(
                'type', 'refused', 'message', v_message, 'code', sqlstate,
                'detail', v_detail, 'attempts', v_effect.attempt
            )
        where e.instance_id = v_effect.instance_id
            and e.effect_id = v_effect.effect_id;
        return 'refused';
end;
$$;

comment on function pgsm_private.deliver_output (
    pgsm_private.instances, pgsm_private.effects
) is $comment$
    Deliver the output that an effect's row holds: done.invoke.<id> for an
    invoke, the reply for an action.  The instance is locked by the caller.

    Returns succeeded, or refused where the machine did not take the event: the
    effect is then failed with the machine's error and keeps its output.  An event
    whose step takes too long waits (queue_effect_event).
$comment$;

commit;
