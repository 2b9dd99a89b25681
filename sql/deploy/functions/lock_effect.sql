-- Deploy pgsm:functions/lock_effect to pg
-- requires: tables/effects
-- requires: tables/instances
--
-- Lock order: the instance, then the effect.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_effect (instance_id text, effect_id text)
  returns pgsm_private.effects
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect  pgsm_private.effects;
begin
    perform
    from pgsm_private.instances as i
    where i.instance_id = lock_effect.instance_id
    for no key update;

    select e.*
    into v_effect
    from pgsm_private.effects as e
    where e.instance_id = lock_effect.instance_id
        and e.effect_id = lock_effect.effect_id
    for update;

    if not found then
        raise exception 'effect "%" of instance "%" does not exist',
            lock_effect.effect_id, lock_effect.instance_id
            using errcode = 'SM300',
                hint = 'The view pgsm.effects lists them.';
    end if;
    return v_effect;
end;
$$;

comment on function pgsm_private.lock_effect (text, text) is $comment$
    The row of an effect, locked after its instance.  Raises SM300.
$comment$;

commit;
