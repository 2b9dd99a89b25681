-- Deploy pgsm:functions/heartbeat_effects to pg
-- requires: tables/effects
-- requires: functions/see_runner
-- requires: functions/now
--
-- Takes row locks of effects only and waits for none: an effect that another
-- transaction holds is extended by the next heartbeat.

begin;
set local role pgsm_owner;

create or replace function pgsm.heartbeat_effects (
    runner_id  text,
    leases     jsonb,
    lease      interval default '30 seconds'
)
  returns table (instance_id text, effect_id text, lease_token uuid, verdict text)
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now  timestamptz := pgsm_private.now();
begin
    if coalesce(heartbeat_effects.lease, interval '0') <= interval '0' then
        raise exception 'a lease must be longer than nothing'
            using errcode = 'SM304';
    end if;
    with held as materialized (
        select e.instance_id, e.effect_id, l.progress
        from jsonb_to_recordset(heartbeat_effects.leases)
            as l (instance_id text, effect_id text, lease_token uuid, progress jsonb)
        join pgsm_private.effects as e
            on e.instance_id = l.instance_id
            and e.effect_id = l.effect_id
            and e.lease_token = l.lease_token
        for update of e skip locked
    )

    update pgsm_private.effects as e
    set lease_until = v_now + heartbeat_effects.lease,
        progress = coalesce(held.progress, e.progress)
    from held
    where e.instance_id = held.instance_id and e.effect_id = held.effect_id;

    perform pgsm_private.see_runner(heartbeat_effects.runner_id, false);

    return query
    select
        l.instance_id,
        l.effect_id,
        l.lease_token,
        case when e.lease_token is null then 'lost' else 'stop' end
    from jsonb_to_recordset(heartbeat_effects.leases)
        as l (instance_id text, effect_id text, lease_token uuid)
    left join pgsm_private.effects as e
        on e.instance_id = l.instance_id
        and e.effect_id = l.effect_id
        and e.lease_token = l.lease_token
    where e.lease_token is null or e.cancel_requested;
end;
$$;

comment on function pgsm.heartbeat_effects (text, jsonb, interval) is $comment$
    Extend the leases of all that a runner has in hand, in one call.

        select * from pgsm.heartbeat_effects('runner-1', '[{
            "instance_id": "order-42", "effect_id": "3/0",
            "lease_token": "0b8e…", "progress": {"page": 7}}]');

    progress may be left out.  Returns a row for each effect that needs
    attention: lost (the lease is another's or over: stop, its result would be
    refused) or stop (its state was left: nobody waits for it).  Raises SM304 for a
    lease that is not positive.
$comment$;

commit;
