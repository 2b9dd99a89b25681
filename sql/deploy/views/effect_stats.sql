-- Deploy pgsm:views/effect_stats to pg
-- requires: tables/effects
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace view pgsm.effect_stats with (security_barrier = true) as
-- each part by its own index: what is over, and kept, may be a million
with counted as (
    select e.name, e.status, count(*) as number, min(e.due_at) as due_at
    from pgsm_private.effects as e
    where e.status in ('pending', 'retrying') and not e.held_back and e.parked is null
    group by e.name, e.status
    union all
    select e.name, 'running' as status, count(*) as number, null as due_at
    from pgsm_private.effects as e
    where e.status = 'running'
    group by e.name
    union all
    select e.name, 'held back' as status, count(*) as number, null as due_at
    from pgsm_private.effects as e
    where e.status in ('pending', 'retrying')
        and e.held_back and e.place is not null and e.parked is null
    group by e.name
    union all
    select e.name, 'parked' as status, count(*) as number, null as due_at
    from pgsm_private.effects as e
    where e.status in ('pending', 'retrying') and e.parked is not null
    group by e.name
    union all
    select e.name, 'open' as status, count(*) as number, null as due_at
    from pgsm_private.effects as e
    where e.status = 'failed' and coalesce(e.error ->> 'handled', '') <> 'true'
    group by e.name
    union all
    select e.name, 'late' as status, count(*) as number, null as due_at
    from pgsm_private.effects as e
    where e.status = 'late'
    group by e.name
),
waiting as (
    select
        c.name,
        coalesce(sum(c.number) filter (where c.status = 'pending'), 0)::bigint as pending,
        coalesce(sum(c.number) filter (where c.status = 'retrying'), 0)::bigint as retrying,
        coalesce(sum(c.number) filter (where c.status = 'running'), 0)::bigint as running,
        coalesce(sum(c.number) filter (where c.status = 'held back'), 0)::bigint as held_back,
        coalesce(sum(c.number) filter (where c.status = 'parked'), 0)::bigint as parked,
        coalesce(sum(c.number) filter (where c.status = 'open'), 0)::bigint as open,
        coalesce(sum(c.number) filter (where c.status = 'late'), 0)::bigint as late,
        min(c.due_at) as due_at
    from counted as c
    group by c.name
),
recent as (
    select
        e.name,
        count(*) filter (where e.status = 'succeeded') as succeeded,
        count(*) filter (where e.status = 'failed') as failed,
        count(*) filter (where e.status = 'cancelled') as cancelled,
        percentile_cont(array[0.5::double precision, 0.95::double precision])
            within group (order by e.finished_at - e.claimed_at)
            filter (where e.status = 'succeeded') as durations
    from pgsm_private.effects as e
    -- now() is for the planner, which knows nothing of a volatile function
    where e.finished_at > now() - interval '1 hour'
        and e.finished_at > (select pgsm_private.now() - interval '1 hour')
    group by e.name
)
select
    coalesce(w.name, r.name) as name,
    coalesce(w.pending, 0) as pending,
    coalesce(w.retrying, 0) as retrying,
    coalesce(w.running, 0) as running,
    coalesce(w.held_back, 0) as held_back,
    coalesce(w.parked, 0) as parked,
    coalesce(w.open, 0) as open,
    coalesce(w.late, 0) as late,
    greatest(n.clock - w.due_at, interval '0') as oldest_waits,
    coalesce(r.succeeded, 0) as succeeded_last_hour,
    coalesce(r.failed, 0) as failed_last_hour,
    coalesce(r.cancelled, 0) as cancelled_last_hour,
    r.durations[1] as median_duration,
    r.durations[2] as p95_duration
from waiting as w
full join recent as r on r.name = w.name
cross join (select pgsm_private.now() as clock) as n;

comment on view pgsm.effect_stats is $comment$
    How it goes, by name of effect: what is not over, how long the oldest one is due,
    and what ended in the last hour, with how long the last attempts of those that
    succeeded took (from claim to completion).

        select name, pending, oldest_waits, open from pgsm.effect_stats;

    pending and retrying can be claimed when they are due; held_back wait for an earlier
    one of their instance, parked for their version or instance to be resumed; open have
    failed and wait for retry_effect or cancel_effect, late for cancel_effect.
    Reads these and the last hour, however many are kept.
$comment$;

commit;
