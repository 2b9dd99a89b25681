-- Deploy pgsm:functions/claim_named_effects to pg
-- requires: types/claimed_effect
-- requires: tables/effects
-- requires: functions/effect_attempts
-- requires: functions/effect_interval
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.claim_named_effects (
    runner_id    text,
    name         text,
    priority     integer,
    due_at       timestamptz,
    max_effects  integer,
    lease        interval
)
  returns setof pgsm.claimed_effect
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now  timestamptz := pgsm_private.now();
begin
    return query
    -- materialized by its row locks: never more than max_effects, whatever the plan
    with due as materialized (
        select e.instance_id, e.effect_id
        from pgsm_private.effects as e
        where e.name = claim_named_effects.name
            and e.priority = claim_named_effects.priority
            and e.status in ('pending', 'retrying')
            and not e.held_back
            and e.parked is null
            and e.due_at between claim_named_effects.due_at and v_now
            and (e.deadline_at is null or e.deadline_at > v_now)
            -- scalar subqueries: "exists" may be planned as a hash of all instances
            and (
                select v.paused
                from pgsm_private.machine_versions as v
                where v.machine = e.machine and v.version = e.version
            ) is not true
            and (
                e.kind = 'action'
                or (
                    select i.status
                    from pgsm_private.instances as i
                    where i.instance_id = e.instance_id
                ) = 'active'
            )
            and (
                e.place is null
                or (
                    select true
                    from pgsm_private.effects as o
                    where o.instance_id = e.instance_id
                        and o.name = e.name
                        and o.place < e.place
                        and o.status in ('pending', 'retrying', 'running', 'failed')
                        and (o.status <> 'failed' or coalesce(o.error ->> 'handled', '') <> 'true')
                    limit 1
                ) is not true
            )
        order by e.due_at
        limit claim_named_effects.max_effects
        for update of e skip locked
    ),

    claimed as (
        update pgsm_private.effects as e
        set status = 'running',
            attempt = e.attempt + 1,
            lease_token = gen_random_uuid(),
            lease_until = v_now + claim_named_effects.lease,
            claimed_at = v_now,
            runner_id = claim_named_effects.runner_id
        from due
        where e.instance_id = due.instance_id and e.effect_id = due.effect_id
        returning e.*
    )

    select
        c.instance_id, c.effect_id, c.name, c.kind, c.state, c.invoke_id,
        c.machine, c.version, c.tenant, c.key, c.input, c.progress,
        c.attempt, pgsm_private.effect_attempts(c.policy),
        c.lease_token, v_now, c.lease_until, c.deadline_at,
        pgsm_private.effect_interval(c.policy -> 'timeout', null), c.due_at, c.trace
    from claimed as c
    order by c.due_at, c.instance_id, c.effect_id;
end;
$$;

comment on function pgsm_private.claim_named_effects (
    text, text, integer, timestamptz, integer, interval
) is $comment$
    Lease due effects of one name and priority to a runner, by their due time, which
    is due_at for the first.
    Takes row locks of effects only and waits for none.
$comment$;

commit;
