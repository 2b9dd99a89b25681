-- Deploy pgsm:views/effect_stats to pg
-- requires: tables/effects
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace view pgsm.effect_stats with (security_barrier = true) as
select
    e.name,
    count(*) filter (where e.status = 'pending') as pending,
    count(*) filter (where e.status = 'retrying') as retrying,
    count(*) filter (where e.status = 'running') as running,
    count(*) filter (where e.status = 'succeeded') as succeeded,
    count(*) filter (
        where e.status = 'failed' and coalesce(e.error ->> 'handled', '') <> 'true'
    ) as open,
    count(*) filter (
        where e.status = 'failed' and e.error ->> 'handled' = 'true'
    ) as handled,
    count(*) filter (where e.status = 'cancelled') as cancelled,
    count(*) filter (where e.status = 'late') as late,
    count(*) filter (where e.held_back) as held_back,
    max(c.clock - e.due_at) filter (
        where e.status in ('pending', 'retrying') and not e.held_back and e.due_at <= c.clock
    ) as oldest_waits,
    sum(e.attempt) as attempts,
    count(*) filter (where e.status = 'succeeded' and h.recent) as succeeded_last_hour,
    count(*) filter (where e.status = 'failed' and h.recent) as failed_last_hour,
    percentile_cont(0.5) within group (order by e.finished_at - e.claimed_at)
        filter (where e.status = 'succeeded' and h.recent) as median_duration,
    percentile_cont(0.95) within group (order by e.finished_at - e.claimed_at)
        filter (where e.status = 'succeeded' and h.recent) as p95_duration
from pgsm_private.effects as e
cross join (select pgsm_private.now() as clock) as c
cross join lateral (
    select coalesce(e.finished_at > c.clock - interval '1 hour', false) as recent
) as h
group by e.name;

comment on view pgsm.effect_stats is $comment$
    How it goes, by name of effect: how many there are of each status, how long the
    oldest due one waits, and what ended in the last hour, with how long the last
    attempts of those that succeeded took (from claim to completion).

        select name, pending, oldest_waits, open from pgsm.effect_stats;

    Reads all effects that are kept.  open and handled are the failed ones; of
    these, open ones wait for retry_effect or cancel_effect.
$comment$;

commit;
