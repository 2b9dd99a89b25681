-- Deploy pgsm:functions/release_effects to pg
-- requires: tables/effects
-- requires: functions/notify_runners
-- requires: functions/see_runner
-- requires: functions/now
--
-- Takes row locks of effects only and waits for none.

begin;
set local role pgsm_owner;

create or replace function pgsm.release_effects (runner_id text, leases jsonb)
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_released  integer;
begin
    with held as materialized (
        select e.instance_id, e.effect_id
        from jsonb_to_recordset(release_effects.leases)
            as l (instance_id text, effect_id text, lease_token uuid)
        join pgsm_private.effects as e
            on e.instance_id = l.instance_id
            and e.effect_id = l.effect_id
            and e.lease_token = l.lease_token
        for update of e skip locked
    )

    update pgsm_private.effects as e
    set status = case
            when e.cancel_requested then 'running'
            when e.attempt > 1 then 'retrying'
            else 'pending'
        end,
        attempt = e.attempt - 1,
        -- one that nobody waits for ends in the next sweep, which locks its instance
        lease_token = case when e.cancel_requested then gen_random_uuid() end,
        lease_until = case when e.cancel_requested then '-infinity'::timestamptz end,
        runner_id = case when e.cancel_requested then e.runner_id end
    from held
    where e.instance_id = held.instance_id and e.effect_id = held.effect_id;

    get diagnostics v_released = row_count;
    perform pgsm_private.see_runner(release_effects.runner_id, false);
    if v_released > 0 then
        perform pgsm_private.notify_runners();
    end if;
    return v_released;
end;
$$;

comment on function pgsm.release_effects (text, jsonb) is $comment$
    Give leased effects back undone, without counting the attempt: a runner
    that stops leaves them to the others.

        select pgsm.release_effects('runner-1', '[{
            "instance_id": "order-42", "effect_id": "3/0", "lease_token": "0b8e…"}]');

    Returns how many were given back; others had lost their lease.
$comment$;

commit;
