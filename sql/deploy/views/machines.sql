-- Deploy pgsm:views/machines to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create view pgsm.machines with (security_barrier) as
select m.machine, m.current_version, m.upgrade_policy, m.created_at
from pgsm_private.machines as m;

comment on view pgsm.machines is 'The machines, each with the version that new instances start with.';

commit;
