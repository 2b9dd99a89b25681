-- Deploy pgsm:views/retention to pg
-- requires: tables/retention

begin;
set local role pgsm_owner;

create view pgsm.retention with (security_barrier) as
select
    w.what, null::text as machine,
    case when r.what is null then w.keep else r.keep end as keep,
    coalesce(r.action, 'delete') as action,
    r.what is null as is_default,
    r.set_at, r.actor
from (
    values
        ('log', null::interval), ('event_ids', '30 days'), ('effects', null), ('timers', null),
        ('preimages', '30 days'), ('instances', null), ('archive', null)
) as w (what, keep)
left join pgsm_private.retention as r on r.what = w.what and r.machine = ''
union all
select r.what, r.machine, r.keep, r.action, false, r.set_at, r.actor
from pgsm_private.retention as r
where r.machine <> '';

comment on view pgsm.retention is $comment$
    How long what has ended is kept: see set_retention.  machine is null for all that
    have no row of their own, keep null for ever.

        select what, machine, keep, action from pgsm.retention;
$comment$;

create view pgsm.retention_runs with (security_barrier) as
select r.began_at, r.ended_at, r.is_complete, r.removed
from pgsm_private.retention_runs as r
where r.began_at is not null;

comment on view pgsm.retention_runs is $comment$
    The last run of run_retention: one row, none where there was none.  It is not
    complete while it runs, where its duration was over before it came to the end, and
    where a month of the log was not to be had.
$comment$;

create view pgsm.archived_instances with (security_barrier) as
select
    a.instance_id, a.incarnation, a.machine, a.version, a.status, a.tenant,
    a.instance -> 'value' as value, a.instance -> 'context' as context,
    a.instance -> 'output' as output, (a.instance ->> 'revision')::bigint as revision,
    (a.instance ->> 'started_at')::timestamptz as started_at, a.finished_at,
    a.archived_at, a.keys, a.log, a.effects
from pgsm_private.archived_instances as a;

comment on view pgsm.archived_instances is $comment$
    Instances that have ended and were archived: see set_retention.  log and effects
    are arrays of what event_log and effects had.

        select context, log from pgsm.archived_instances where instance_id = 'order-42';
$comment$;

commit;
