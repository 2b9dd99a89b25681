-- Deploy pgsm:views/effect_stats to pg
-- requires: tables/effects
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace view pgsm.effect_stats with (security_barrier = true) as
with counted as (
    select
        e.name,
        e.status,
        e.held_back,
        case e.status
            when 'failed' then coalesce(e.error ->> 'handled', '') <> 'true'
            else false
        end as is_open,
        count(*) as number,
        sum(e.attempt) as attempts,
        min(e.due_at) as due_at
    from pgsm_private.effects as e
    group by e.name, e.status, e.held_back, is_open
),
recent as (
    select
        e.name,
        count(*) filter (where e.status = 'succeeded') as succeeded,
        count(*) filter (where e.status = 'failed') as failed,
        percentile_cont(array[0.5::double precision, 0.95::double precision])
            within group (order by e.finished_at - e.claimed_at)
            filter (where e.status = 'succeeded') as durations
    from pgsm_private.effects as e
    where e.finished_at > (select pgsm_private.now() - interval '1 hour')
    group by e.name
),
totals as (
    select
        c.name,
        coalesce(sum(c.number) filter (where c.status = 'pending'), 0)::bigint as pending,
        coalesce(sum(c.number) filter (where c.status = 'retrying'), 0)::bigint as retrying,
        coalesce(sum(c.number) filter (where c.status = 'running'), 0)::bigint as running,
        coalesce(sum(c.number) filter (where c.status = 'succeeded'), 0)::bigint as succeeded,
        coalesce(sum(c.number) filter (where c.is_open), 0)::bigint as open,
        coalesce(sum(c.number) filter (
            where c.status = 'failed' and not c.is_open
        ), 0)::bigint as handled,
        coalesce(sum(c.number) filter (where c.status = 'cancelled'), 0)::bigint as cancelled,
        coalesce(sum(c.number) filter (where c.status = 'late'), 0)::bigint as late,
        coalesce(sum(c.number) filter (where c.held_back), 0)::bigint as held_back,
        sum(c.attempts)::bigint as attempts,
        min(c.due_at) filter (
            where c.status in ('pending', 'retrying') and not c.held_back
        ) as due_at
    from counted as c
    group by c.name
)
select
    t.name,
    t.pending,
    t.retrying,
    t.running,
    t.succeeded,
    t.open,
    t.handled,
    t.cancelled,
    t.late,
    t.held_back,
    greatest(n.clock - t.due_at, interval '0') as oldest_waits,
    t.attempts,
    coalesce(r.succeeded, 0) as succeeded_last_hour,
    coalesce(r.failed, 0) as failed_last_hour,
    r.durations[1] as median_duration,
    r.durations[2] as p95_duration
from totals as t
left join recent as r on r.name = t.name
cross join (select pgsm_private.now() as clock) as n;

comment on view pgsm.effect_stats is $comment$
    How it goes, by name of effect: how many there are of each status, how long the
    oldest one is due, and what ended in the last hour, with how long the last
    attempts of those that succeeded took (from claim to completion).

        select name, pending, oldest_waits, open from pgsm.effect_stats;

    Reads all effects that are kept.  open and handled are the failed ones; of
    these, open ones wait for retry_effect or cancel_effect.
$comment$;

commit;
