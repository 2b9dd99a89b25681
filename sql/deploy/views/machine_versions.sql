-- Deploy pgsm:views/machine_versions to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create view pgsm.machine_versions with (security_barrier) as
select
    v.machine, v.version, v.version = m.current_version as is_current, v.checksum,
    v.unhandled, v.time_zone, v.paused, v.author, v.defined_at,
    v.next_version
from pgsm_private.machine_versions as v
join pgsm_private.machines as m on m.machine = v.machine;

comment on view pgsm.machine_versions is $comment$
    The versions of the machines; pgsm.machine_definition gives their documents.
    next_version is what instances become before their next event.
$comment$;

commit;
