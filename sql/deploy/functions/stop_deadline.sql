-- Deploy pgsm:functions/stop_deadline to pg
-- requires: tables/effects
-- requires: tables/effect_limits

begin;
set local role pgsm_owner;

create or replace function pgsm_private.stop_deadline (effect pgsm_private.effects)
  returns boolean
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect  pgsm_private.effects := stop_deadline.effect;
begin
    -- out of the sweeps' index: they would find it again each time
    update pgsm_private.effects as e
    set time_left = e.deadline_at - greatest(p.paused_at, e.created_at),
        deadline_at = null
    from pgsm_private.effect_pauses as p
    where e.instance_id = v_effect.instance_id
        and e.effect_id = v_effect.effect_id
        and p.name = v_effect.name
        and p.paused_at < e.deadline_at;
    return found;
end;
$$;

comment on function pgsm_private.stop_deadline (pgsm_private.effects) is $comment$
    Keep what was left of a waiting effect's deadline when its name was paused.
    Returns false where the name is not paused or was so only afterwards.
$comment$;

commit;
