-- Deploy pgsm:views/late_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: functions/now

begin;
set local role pgsm_owner;

create view pgsm.late_timers with (security_barrier) as
select
    t.instance_id, t.timer_id, i.machine, i.version, i.status as instance_status,
    t.kind, t.event, t.sender, t.status, t.due_at, t.attempts, t.last_error,
    case when t.status = 'armed' then c.clock - t.due_at end as lateness, i.tenant
from pgsm_private.timers as t
left join pgsm_private.instances as i on i.instance_id = t.instance_id
cross join (select pgsm_private.now() as clock) as c
where t.status in ('failed', 'undeliverable')
    or (t.status = 'armed' and (t.attempts > 0 or t.due_at < c.clock - interval '10 seconds'));

comment on view pgsm.late_timers is $comment$
    Timers and messages that someone should look at: those that have failed for good
    or could not be delivered, those that are tried again, and those that are due for
    more than ten seconds (is a driver running?).

        select * from pgsm.late_timers order by due_at;

    retry_timer, move_timer and cancel_timer mend them.
$comment$;

commit;
