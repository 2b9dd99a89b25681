-- Deploy pgsm:views/timer_drivers to pg
-- requires: tables/timer_drivers

begin;
set local role pgsm_owner;

create view pgsm.timer_drivers with (security_barrier) as
select
    d.driver_id, d.kind, d.pid, d.started_at, d.seen_at,
    d.seen_at > clock_timestamp() - interval '15 seconds' as is_alive
from pgsm_private.timer_drivers as d;

comment on view pgsm.timer_drivers is $comment$
    Who fires timers: loops of pg_cron (a new one each minute) and runners, with
    when they were last heard of.

        select kind, count(*) from pgsm.timer_drivers where is_alive group by kind;
$comment$;

commit;
