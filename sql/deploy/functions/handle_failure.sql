-- Deploy pgsm:functions/handle_failure to pg
-- requires: functions/release_next_effect
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.handle_failure (instance_id text, effect_id text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect  pgsm_private.effects;
begin
    update pgsm_private.effects as e
    set error = e.error || '{"handled": true}'
    where e.instance_id = handle_failure.instance_id
        and e.effect_id = handle_failure.effect_id
        and e.status = 'failed'
    returning e.* into v_effect;
    if v_effect.place is not null then
        perform pgsm_private.release_next_effect(v_effect.instance_id, v_effect.name);
    end if;
end;
$$;

comment on function pgsm_private.handle_failure (text, text) is $comment$
    Close the incident of a failed effect: a transition has taken its
    error.invoke.<id>, which waited while the instance was paused.
$comment$;

commit;
