-- Deploy pgsm:functions/claim_effects to pg
-- requires: functions/claim_named_effects
-- requires: functions/sweep_effects
-- requires: tables/effects
-- requires: functions/check_claim
-- requires: functions/see_runner
--
-- The sweep comes first: it locks instances, and a claim that held effects
-- already could meet another one that does the same the other way round.

begin;
set local role pgsm_owner;

create or replace function pgsm.claim_effects (
    runner_id    text,
    names        text[],
    max_effects  integer,
    lease        interval default '30 seconds',
    limits       integer[] default null
)
  returns setof pgsm.claimed_effect
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_left   integer := claim_effects.max_effects;
    v_name   record;
    v_count  integer;
begin
    perform pgsm_private.check_claim(claim_effects.max_effects, claim_effects.lease);
    perform pgsm_private.sweep_effects(20);

    for v_name in
        select n.name, n.room
        from unnest(claim_effects.names, claim_effects.limits) as n (name, room)
        cross join lateral (
            select e.priority, e.due_at
            from pgsm_private.effects as e
            where e.name = n.name and e.status in ('pending', 'retrying')
            order by e.priority desc, e.due_at
            limit 1
        ) as first
        order by first.priority desc, first.due_at
    loop
        exit when v_left <= 0;
        return query
        select c.*
        from pgsm_private.claim_named_effects(
            claim_effects.runner_id, v_name.name,
            least(v_left, coalesce(v_name.room, v_left)), claim_effects.lease
        ) as c;
        get diagnostics v_count = row_count;
        v_left := v_left - v_count;
    end loop;

    perform pgsm_private.see_runner(
        claim_effects.runner_id, v_left < claim_effects.max_effects
    );
end;
$$;

comment on function pgsm.claim_effects (text, text[], integer, interval, integer[]) is $comment$
    Lease due effects to a runner.

        select * from pgsm.claim_effects('runner-1', '{email.send}', 10);

    Returns at most max_effects of the given names (and at most limits[i] of
    names[i]), by priority and then by due time; no effect is leased to two.
    Each has a lease_token, good until lease_until: extend it by
    heartbeat_effects, end it by complete_effects, fail_effect or
    release_effects.  An effect whose lease has ended is tried again by the next
    claim of anybody.  Effects of a paused version and invokes of a paused
    instance wait.

    Raises SM302 in a database that is not the adopted one or has its drivers
    off, SM304 for a negative max_effects or a lease that is not positive.
$comment$;

commit;
