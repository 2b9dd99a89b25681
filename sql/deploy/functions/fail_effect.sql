-- Deploy pgsm:functions/fail_effect to pg
-- requires: functions/record_failure
-- requires: functions/instance_exists
--
-- Lock order: the instance, then the effect.

begin;
set local role pgsm_owner;

create or replace function pgsm.fail_effect (
    instance_id  text,
    effect_id    text,
    lease_token  uuid,
    error        jsonb,
    permanent    boolean default false,
    retry_after  interval default null
)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_effect    pgsm_private.effects;
begin
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = fail_effect.instance_id
    for no key update skip locked;

    if not found and pgsm_private.instance_exists(fail_effect.instance_id) then
        return 'busy';
    end if;

    select e.*
    into v_effect
    from pgsm_private.effects as e
    where e.instance_id = fail_effect.instance_id
        and e.effect_id = fail_effect.effect_id
        and e.lease_token = fail_effect.lease_token
    for update;

    if not found then
        return 'lease_lost';
    end if;
    if v_effect.trace is not null then
        perform set_config('pgsm.traceparent', v_effect.trace, true);
    end if;
    return pgsm_private.record_failure(
        v_instance, v_effect, fail_effect.error,
        coalesce(fail_effect.permanent, false), fail_effect.retry_after
    );
end;
$$;

comment on function pgsm.fail_effect (text, text, uuid, jsonb, boolean, interval) is $comment$
    Record that an attempt has failed.

        select pgsm.fail_effect('order-42', '3/0', '0b8e…',
                                '{"type": "Timeout", "message": "no answer"}');

    error is {"type", "message", "code", "data"}.  The next attempt comes after
    the policy's backoff, or after retry_after.  Returns:
        retrying    it will be tried again
        failed      that was the last attempt (or permanent, or the deadline is
                    over); an invoke's error.invoke.<id> was delivered
        cancelled   its state was left before: it is not tried again
        busy        another transaction holds the instance: keep the lease, call again
        lease_lost  the token is not the effect's: nothing was recorded
$comment$;

commit;
