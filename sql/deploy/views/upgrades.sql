-- Deploy pgsm:views/upgrades to pg
-- requires: tables/upgrades

begin;
set local role pgsm_owner;

create view pgsm.upgrades with (security_barrier) as
select u.machine, u.from_version, u.to_version, u.states, u.context, u.timers,
    u.author, u.declared_at, u.state, u.effects, u.history, u.entry
from pgsm_private.upgrades as u;

comment on view pgsm.upgrades is 'The declared upgrades from one version of a machine to another.';

create view pgsm.upgrade_failures with (security_barrier) as
select f.instance_id, f.machine, f.from_version, f.to_version,
    f.error ->> 'code' as code, f.error ->> 'message' as message, f.failed_at, i.tenant
from pgsm_private.upgrade_failures as f
left join pgsm_private.instances as i on i.instance_id = f.instance_id;

comment on view pgsm.upgrade_failures is
    'Instances that the last call of upgrade_instances could not move, and why; the next call tries them again.';

commit;
