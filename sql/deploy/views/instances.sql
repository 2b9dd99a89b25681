-- Deploy pgsm:views/instances to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create view pgsm.instances with (security_barrier) as
select
    i.instance_id, i.machine, i.version, i.status, i.value, i.states, i.tags,
    i.context, i.output, i.revision, i.tenant, i.parent_id, i.started_at,
    i.clock as changed_at, i.finished_at, i.parent_invoke, i.depth
from pgsm_private.instances as i
where i.status <> 'deleted';

comment on view pgsm.instances is $comment$
    The instances as they stand.

        select instance_id, value from pgsm.instances
        where machine = 'order' and 'fulfilling' = any (states);
$comment$;

commit;
