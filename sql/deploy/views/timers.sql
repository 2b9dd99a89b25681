-- Deploy pgsm:views/timers to pg
-- requires: tables/timers
-- requires: tables/instances

begin;
set local role pgsm_owner;

create view pgsm.timers with (security_barrier) as
select
    t.instance_id, t.timer_id, i.machine, i.version, t.kind, t.state, t.delay,
    t.send_id, t.event, t.data, t.sender, t.status, t.due_at, t.armed_at,
    t.attempts, t.last_error, i.tenant
from pgsm_private.timers as t
left join pgsm_private.instances as i on i.instance_id = t.instance_id;

comment on view pgsm.timers is $comment$
    What is to come: delayed transitions (after), delayed sends, posted events
    and messages, with their due time.  status is armed, held (its instance is
    paused), failed or undeliverable (see last_error).
$comment$;

commit;
