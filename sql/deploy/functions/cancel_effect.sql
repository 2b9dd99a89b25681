-- Deploy pgsm:functions/cancel_effect to pg
-- requires: functions/lock_effect
-- requires: functions/log_repair
-- requires: functions/release_next_effect
-- requires: functions/now
--
-- Lock order: the instance, then the effect.

begin;
set local role pgsm_owner;

create or replace function pgsm.cancel_effect (instance_id text, effect_id text)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now       timestamptz;
    v_effect    pgsm_private.effects;
    v_instance  pgsm_private.instances;
begin
    v_effect := pgsm_private.lock_effect(cancel_effect.instance_id, cancel_effect.effect_id);
    v_now := pgsm_private.now();

    if v_effect.status not in ('pending', 'retrying', 'running', 'failed', 'late') then
        raise exception 'effect "%" of instance "%" cannot be cancelled',
            v_effect.effect_id, v_effect.instance_id
            using errcode = 'SM303',
                detail = format('It is %s.', v_effect.status);
    end if;

    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = v_effect.instance_id;
    if found then
        perform pgsm_private.log_repair(
            v_instance, 'pgsm.cancel_effect', jsonb_build_object(
                'effect', v_effect.effect_id, 'name', v_effect.name,
                'was', v_effect.status, 'last_error', v_effect.error)
        );
    end if;
    update pgsm_private.effects as e
    set status = case e.status when 'running' then 'running' else 'cancelled' end,
        cancel_requested = true,
        held_back = false,
        finished_at = case when e.status <> 'running' then v_now end
    where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id
    returning e.* into v_effect;
    if v_effect.place is not null then
        perform pgsm_private.release_next_effect(v_effect.instance_id, v_effect.name);
    end if;
    return v_effect.status;
end;
$$;

comment on function pgsm.cancel_effect (text, text) is $comment$
    Stop an effect: one that waits never runs, a running one is asked to stop
    through its heartbeat, a failed or late one is closed.  Its machine gets no event.
    Recorded in the instance's log.

        select pgsm.cancel_effect('order-42', '3/0');

    Returns cancelled or running.  Raises SM300 when there is no such effect,
    SM303 when it is over.
$comment$;

commit;
