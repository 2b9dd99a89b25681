-- Deploy pgsm:functions/output_event to pg
-- requires: functions/effect_event
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.output_event (effect pgsm_private.effects)
  returns jsonb
  language plpgsql
  stable
as $$
declare
    v_effect  pgsm_private.effects := output_event.effect;
    v_type    text;
begin
    v_type := case v_effect.kind
        when 'invoke' then 'done.invoke.' || v_effect.invoke_id
        else v_effect.reply
    end;
    if v_type is null then
        return null;
    end if;
    return pgsm_private.effect_event(
        v_effect, v_type, jsonb_build_object('output', v_effect.output));
end;
$$;

comment on function pgsm_private.output_event (pgsm_private.effects) is
    'The event by which what an effect has brought comes to its machine; null where it wants none.';

commit;
