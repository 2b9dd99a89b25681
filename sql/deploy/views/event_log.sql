-- Deploy pgsm:views/event_log to pg
-- requires: tables/event_log
-- requires: tables/instances

begin;
set local role pgsm_owner;

create view pgsm.event_log with (security_barrier) as
select
    l.instance_id, l.revision, l.recorded_at, l.machine, l.version, l.origin,
    l.event, l.data, l.event_id, l.clock, l.actor, l.source_states,
    l.target_states, l.transitions, l.changes, l.answers, l.notes, l.emitted,
    i.tenant, l.facts
from pgsm_private.event_log as l
left join pgsm_private.instances as i on i.instance_id = l.instance_id;

comment on view pgsm.event_log is $comment$
    The history: one row a step.  origin is start, event, post, timer, message,
    effect, upgrade or repair; changes holds the context's paths (JSON Pointer)
    that were set and removed, facts what the event carried beside its data.

        select revision, event, changes from pgsm.event_log
        where instance_id = 'order-42' order by revision;
$comment$;

commit;
